"""What the Python driver that people use today (henne49/dbus-opendtu 2.1.2) has shown.

Run on Debian 12 (x86-64, Python 3.11) against a private dbus-daemon and a simulated OpenDTU of the
v24.2.12 shape: a summary and then one request per inverter, every 5 s. Medians of several runs of 75 to
300 s. In the names and units of our own figures; by scenario.

The instructions are from another day: counted as ours are, beside them, with callgrind, of the same driver
as its repository has it shortly before 2.1.2 (f7a1a51), under Debian 12's Python 3.11.
"""

MIB = 1024


def _row(cpu, pss, requests, signals, names, values, call, hang=None, instructions=None):
    """requests and signals: per minute, of 12 polls; call and hang: p50, p99, max in ms."""
    figures = {
        "cpu_s_per_hour": cpu, "instructions": instructions, "pss_kib": pss * MIB if pss else None,
        "http_requests": requests / 12, "dbus_messages": signals / 12, "start_names_s": names,
        "start_values_s": values,
        # it remembers nothing
        "restart_names_s": names, "restart_values_s": values,
    }
    for name, triple in (("call", call), ("hang", hang)):
        figures.update({f"{name}_{which}_ms": value
                        for which, value in zip(("p50", "p99", "max"), triple or ())})
    return figures


FIGURES = {
    "python-1": _row(2.5, 27.7, 24, 84, 0.15, 1.2, (0.48, 3.6, 4.7), (0.5, 161e3, 177e3),
                     instructions=7939e3),
    "python-4": _row(5.4, 27.8, 60, 336, 0.14, 1.2, (0.49, 4.5, 5.5), (46e3, 196e3, 201e3),
                     instructions=20507e3),
    "python-10": _row(10.9, 28.1, 132, 840, 0.17, 1.2, (0.51, 4.2, 15.0), (253e3, 319e3, 321e3),
                     instructions=45642e3),
    "python-50ms": _row(7.1, None, 60, 336, None, None, (0.5, 200.0, 244.0)),
    "python-500ms": _row(None, None, 60, 336, None, 4.2, (0.7, 2500.0, 2500.0)),
}
