"""What a lecturer adds: homework for a class, and its marking.

python -m homework --help

``sheets`` makes one student's problems and ``pages`` writes them down. ``names`` reads a class
list, ``files`` writes into one folder and reads what comes back. ``answers`` finds the numbers in
it, ``coderun`` runs a notebook if the lecturer asks for it, and ``marking`` tells what is right and
which mistake a wrong answer looks like. The problems are in ``homework.toml``.
"""
