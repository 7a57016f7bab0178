"""How figures and their alt texts write numbers, cells and sums."""

from cnnlib.trace import number


def bare(value):
    """Write a number without parentheses."""
    return number(float(value), bare=True)


def at(index):
    """Write the row and column of a cell: (1, 2)."""
    return f"({index[0]}, {index[1]})"


def short(cell):
    """Name a cell without its maps: dY(2, 2)."""
    return f"{cell.array}{at(cell.index)}"


def products(terms):
    """Write terms as a sum of products: 3·(-2) + 4·5."""
    return " + ".join(term.product for term in terms)


def sums_to(values):
    """Write a sum and what it comes to: 3 + (-2) = 1."""
    values = [float(value) for value in values]
    return f"{' + '.join(map(number, values))} = {bare(sum(values))}"


def rows_of(values):
    """Read the rows of a map, for an alt text."""
    return "; ".join(", ".join(map(bare, row)) for row in values)
