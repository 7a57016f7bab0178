"""Draw small changes of some files of Python: one line of JSON for each.

python mutations.py --count N --seed TEXT FILE ...

cosmic-ray makes the changes, so it must be there: `mutants.py` runs this in an environment with
it. Two kinds are added, since faults of a convolution are of these kinds: a name is exchanged for
its twin (row for column, height for width, += for =), and a slice loses an end.

Which changes are drawn depends on the seed and on their own lines only. So another line of a file
may be edited, and the rest of the sample stays.
"""

import argparse
import builtins
import hashlib
import json
from pathlib import Path

from cosmic_ray import ast, mutating, plugins
from cosmic_ray.operators.operator import Operator

# Of what cosmic-ray knows, what is near: a ** for a + would be seen by any test.
BINARY = (
    "Add_Sub Sub_Add Mul_Add Mul_FloorDiv Div_Mul FloorDiv_Mul FloorDiv_Mod Mod_FloorDiv Pow_Mul "
    "BitOr_BitAnd BitAnd_BitOr"
)
COMPARISON = (
    "Eq_NotEq NotEq_Eq Lt_LtE Lt_Gt LtE_Lt LtE_GtE Gt_GtE Gt_Lt GtE_Gt GtE_LtE Is_IsNot IsNot_Is"
)
OTHER = (
    "NumberReplacer AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr "
    "ReplaceOrWithAnd ReplaceBreakWithContinue ReplaceContinueWithBreak "
    "ReplaceUnaryOperator_Delete_USub ReplaceUnaryOperator_Delete_Not"
)
NAMES = [
    *(f"ReplaceBinaryOperator_{name}" for name in BINARY.split()),
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISON.split()),
    *OTHER.split(),
]
PAIRS = (
    "r c  u v  i j  k k_in  n_k f_k  n_h n_w  f_h f_w  o_h o_w  s_h s_w  p_h p_w  d_h d_w  "
    "rows columns  top left  bottom right  before after  min max  any all  left right  a b  x y  "
    "lefts rights  came should  cell index  start size  on_rows on_columns"
).split()
TWINS = {"+=": "-= =", "-=": "+= =", "*=": "+= =", "|=": "=", "@": "*", "not in": "in"}
for one, other in zip(PAIRS[::2], PAIRS[1::2], strict=True):
    TWINS[one], TWINS[other] = f"{TWINS.get(one, '')} {other}", f"{TWINS.get(other, '')} {one}"


class Twin(Operator):
    """A name or a sign becomes its twin."""

    def mutation_positions(self, node):
        return [(node.start_pos, node.end_pos) for _ in self._twins(node)]

    def mutate(self, node, index):
        node.value = self._twins(node)[index]
        return node

    def _twins(self, node):
        twins = TWINS.get(getattr(node, "value", ""), "").split()
        if not twins or node.type != "name":
            return twins
        if _is_given(node):
            return []
        return [twin for twin in twins if _is_known(twin, node)]

    @classmethod
    def examples(cls):
        return ()


class Bound(Operator):
    """A slice loses its start or its stop."""

    def mutation_positions(self, node):
        return [(node.children[at].start_pos, node.children[at].end_pos) for at in _ends(node)]

    def mutate(self, node, index):
        del node.children[_ends(node)[index]]
        return node

    @classmethod
    def examples(cls):
        return ()


def _ends(node):
    """Places of the start and of the stop among the children of a slice."""
    signs = [getattr(one, "value", "") for one in getattr(node, "children", ())]
    if node.type != "subscript" or ":" not in signs:
        return []
    colon = signs.index(":")
    return [at for at in (colon - 1, colon + 1) if 0 <= at < len(signs) and signs[at] != ":"][:2]


def _is_given(name):
    """Whether a name is defined here, or is that of an argument in a call."""
    is_keyword = name.parent.type == "argument" and name.parent.children[0] is name
    return name.is_definition() or is_keyword or name.parent.type == "param"


def _is_known(twin, name):
    """Whether a name could stand here: else any test would see the exchange."""
    scope, attribute = name, _is_attribute(name)
    while scope.parent and (attribute or scope.type != "funcdef"):
        scope = scope.parent
    names = [one for one in ast.ast_nodes(scope) if one.type == "name" and one.value == twin]
    if attribute:
        return any(map(_is_attribute, names))
    return bool(names) or hasattr(builtins, twin)


def _is_attribute(name):
    before = name.get_previous_leaf()
    return before is not None and before.value == "."


def _is_left_alone(node):
    """Whether a node is part of a decorator, of an annotation, or of an error that is raised."""
    while node.parent:
        below, node = node, node.parent
        if node.type in ("decorator", "import_from", "import_name", "raise_stmt"):
            return True
        if node.type in ("annassign", "param"):
            # A value by default stands behind the sign "=", and counts.
            signs = [n for n, one in enumerate(node.children) if getattr(one, "value", "") == "="]
            if not signs or node.children.index(below) < signs[0]:
                return True
    return False


def _function(node):
    """Names of the classes and functions around a node."""
    names = []
    while node := node.parent:
        if node.type in ("funcdef", "classdef"):
            names.insert(0, node.name.value)
    return ".".join(names)


def candidates(path, source):
    """Yield what may be changed in a file: where it is, and what to ask of cosmic-ray."""
    tree, lines = ast.get_ast(source), source.splitlines()
    operators = [*((name, plugins.get_operator(f"core/{name}")()) for name in NAMES)]
    for name, operator in [*operators, ("Twin", Twin()), ("Bound", Bound())]:
        places = (
            (node, place)
            for node in ast.ast_nodes(tree)
            for place in operator.mutation_positions(node)
        )
        for occurrence, (node, ((row, column), _)) in enumerate(places):
            if not _is_left_alone(node):
                line = lines[row - 1].strip()
                yield operator, occurrence, (path, _function(node), line, name, column)


def drawn(paths, count, seed):
    """Return the changes with the smallest hashes, and how many there are to draw from."""
    found, alike = [], {}
    sources = {path: Path(path).read_text("utf-8") for path in paths}
    for path, source in sources.items():
        for operator, occurrence, key in candidates(path, source):
            alike[key] = alike.get(key, 0) + 1  # equal lines, and both ways of one place
            rank = hashlib.sha256(repr((seed, key, alike[key])).encode()).hexdigest()
            found.append((rank, operator, occurrence, key, alike[key]))
    mutants = []
    for _, operator, occurrence, key, nth in sorted(found, key=lambda one: one[0]):
        if len(mutants) == count:
            break
        mutant = _made(sources[key[0]], operator, occurrence, key)
        if mutant and mutant["code"] not in (one["code"] for one in mutants):
            mutants.append(mutant | {"nth": nth})
    return mutants, len(found)


def _made(source, operator, occurrence, key):
    """Return a change as a dict, or None where Python does not take it."""
    path, function, _, name, _ = key
    code = mutating.mutate_code(source, operator, occurrence)
    try:
        if code is None or compile(code, path, "exec") is None:
            return None
    except (SyntaxError, ValueError):
        return None
    before, after = source.splitlines(), code.splitlines()
    first = next((n for n, pair in enumerate(zip(before, after)) if pair[0] != pair[1]), None)  # noqa: B905
    if first is None:
        return None
    where = {"file": path, "function": function, "line": before[first].strip()}
    return where | {"becomes": after[first].strip(), "kind": name, "row": first + 1, "code": code}


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    mutants, possible = drawn(options.files, options.count, options.seed)
    for mutant in mutants:
        print(json.dumps(mutant | {"possible": possible}))


if __name__ == "__main__":
    main()
