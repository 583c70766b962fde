"""What all gateways with inverters behind them have in common: the list, and ways to change it."""

from tests.sim.gateway import Gateway


class Plant(Gateway):
    """A gateway with inverters; their order is the order of its reply."""

    def __init__(self, sun, inverters, **options):
        super().__init__(**options)
        self.sun = sun
        self.inverters = list(inverters)
        self.uptime = 2777

    def __getitem__(self, serial):
        return next(i for i in self.inverters if i is not None and i.serial == serial)

    def readings(self):
        """(place in the list, inverter, its reading) of each; a gap is left out."""
        now = self.sun.now()
        return [(place, inverter, inverter.reading(now))
                for place, inverter in enumerate(self.inverters) if inverter is not None]

    def reorder(self, *serials):
        self.inverters = [self[serial] for serial in serials]

    def remove(self, serial):
        self.inverters = [i for i in self.inverters if i is None or i.serial != serial]

    def add(self, inverter, place=None):
        self.inverters.insert(len(self.inverters) if place is None else place, inverter)

    def replace(self, serial, inverter):
        """Another inverter in the same place, as after a repair."""
        self.inverters = [inverter if i is self[serial] else i for i in self.inverters]

    def night(self, *serials):
        """These inverters (all, when none is named) cannot be heard any more; values freeze."""
        for inverter in self._named(serials):
            inverter.night(self.sun.now())

    def morning(self, *serials):
        for inverter in self._named(serials):
            inverter.morning()

    def reboot(self):
        """The gateway has just started: it is there, and every value is 0."""
        self.uptime = 12
        for inverter in self._named(()):
            inverter.rebooted = True

    def booted(self):
        """It has heard its inverters again."""
        for inverter in self._named(()):
            inverter.rebooted = False

    def _named(self, serials):
        return [i for i in self.inverters if i is not None and (not serials or i.serial in serials)]
