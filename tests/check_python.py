#!/usr/bin/env python3
"""What a test takes from the file beside it is there: a name that moved away shows here, not only where that test runs.

check_python.py: looks at each Python file below the folder that it stands in, and at the lab's."""

import ast
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("tests", "lab")


def bound(tree):
    """The names that a module binds at its top, also inside `try`, `if` and `with`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
    return names


def taken(tree, siblings):
    """Each (line, module, name) that a file takes from a sibling by `from M import N` or as `M.N`."""
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update({a.asname or a.name: a.name for a in node.names if a.name in siblings})
        elif isinstance(node, ast.ImportFrom) and node.module in siblings:
            yield from ((node.lineno, node.module, a.name) for a in node.names)
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    stored |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in modules and node.value.id not in stored:
                yield node.lineno, modules[node.value.id], node.attr


def main():
    files = [f for folder in FOLDERS for f in sorted((TOP / folder).rglob("*.py"))]
    trees = {f: ast.parse(f.read_text(), str(f)) for f in files}
    names = {f: bound(tree) for f, tree in trees.items()}
    missing = 0
    for file, tree in trees.items():
        # a test may put its parent folder, or a neighbour of it, before its own on the path: a name there must be unique
        siblings = {f.stem: names[f] for f in files if f.parent != file.parent}
        siblings |= {f.stem: names[f] for f in files if f.parent == file.parent}
        for line, module, name in taken(tree, siblings):
            if name not in siblings[module] and not name.startswith("__"):
                print(f"{file.relative_to(TOP)}:{line}: {module} has no {name}")
                missing += 1
    return missing != 0 or not files


if __name__ == "__main__":
    sys.exit(main())
