"""How cost grows with the number of inverters: numbers, and a picture without any library."""

from dataclasses import dataclass

FROM = 4  # inverters from which on the cost of each is to be constant
WIDTH, HEIGHT, LEFT, TOP, GAP = 340, 230, 62, 44, 70
COLORS = ("#1b6ca8", "#c8553d")


@dataclass
class Series:
    """points: (inverters, figure)."""

    name: str
    points: list


def gateways(row):
    """Of growth-mixed, half of the inverters are gateways and the other half have one."""
    return 1 + row.inverters - row.inverters // 2 if row.family == "growth-mixed" else 1


def per_inverter(row):
    """Instructions for one inverter in one cycle of all gateways."""
    return row.figures["instructions"] * gateways(row) / row.inverters


def series(rows, value):
    names = {"growth": "OpenDTU", "growth-mixed": "half of them OpenDTU's, half templates"}
    found = []
    for family, name in names.items():
        points = [(row.inverters, value(row)) for row in rows
                  if row.family == family and row.figures.get("instructions")]
        if points:
            found.append(Series(name, sorted(points)))
    return found


def deviation(points):
    """By how much, at most, one from FROM inverters on is off their mean: 0.1 is 10 %."""
    values = [value for count, value in points if count >= FROM]
    mean = sum(values) / len(values)
    return max(abs(value - mean) for value in values) / mean


def slope(points):
    """Least squares: (what there is without an inverter, what each adds)."""
    n = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / n for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    each = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    return mean_y - each * mean_x, each


# --- the picture ------------------------------------------------------------------------------

def nice(maximum):
    """The end of an axis, and its step."""
    step = 1.0
    while step * 5 < maximum:
        step *= 2.5 if str(step)[0] == "2" else 2
    return step * -(-maximum // step), step


def panel(left, title, lines):
    """One diagram, both axes from 0."""
    end_x, step_x = 100, 20
    end_y, step_y = nice(max(value for line in lines for _, value in line.points))
    x = lambda count: left + count / end_x * WIDTH
    y = lambda value: TOP + HEIGHT - value / end_y * HEIGHT
    out = [f'<text x="{left}" y="{TOP - 16}" font-weight="bold">{title}</text>']
    for n in range(0, int(end_y / step_y) + 1):
        level = n * step_y
        out.append(f'<path d="M{left} {y(level):.1f}h{WIDTH}" stroke="#ddd"/>'
                   f'<text x="{left - 8}" y="{y(level) + 4:.1f}" text-anchor="end">{level:,.0f}</text>')
    for count in range(0, end_x + 1, step_x):
        out.append(f'<text x="{x(count):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{count}'
                   '</text>')
    out.append(f'<text x="{left + WIDTH / 2}" y="{TOP + HEIGHT + 38}" text-anchor="middle">inverters'
               '</text>')
    for color, line in zip(COLORS, lines):
        path = " ".join(f"{x(count):.1f},{y(value):.1f}" for count, value in line.points)
        out.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        out += [f'<circle cx="{x(count):.1f}" cy="{y(value):.1f}" r="3.5" fill="{color}">'
                f'<title>{count}: {value:,.0f}</title></circle>' for count, value in line.points]
    return out


def picture(instructions, memory):
    """SVG of both: thousands of instructions per inverter and poll, KiB of memory."""
    width, height = LEFT + 2 * WIDTH + GAP + 20, TOP + HEIGHT + 80
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           f'width="{width}" height="{height}" font-family="sans-serif" font-size="12" fill="#222">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    out += panel(LEFT, "thousands of instructions per inverter and poll", instructions)
    out += panel(LEFT + WIDTH + GAP, "memory (PSS) of the whole program, KiB", memory)
    left = LEFT
    for color, line in zip(COLORS, instructions):
        out.append(f'<circle cx="{left}" cy="{height - 16}" r="4" fill="{color}"/>'
                   f'<text x="{left + 10}" y="{height - 12}">{line.name}</text>')
        left += 40 + 7 * len(line.name)
    return "\n".join(out + ["</svg>", ""])
