"""Which parts of a program expect that a call may fail: they're none of the doctor's business."""

import ast

WORDS = ("version", "available", "hasattr", "installed", "framework", "find_spec")
WORDS += ("suppress", "raises", "type_checking")


def guarded(test: ast.AST) -> bool:
    """Return whether a test asks what's installed, or never holds; or whether a `with` expects an error.

    >>> tests = "is_tf_available()", "False", "pushes", "raises(TypeError)"
    >>> [guarded(ast.parse(one).body[0].value) for one in tests]
    [True, True, False, True]
    """
    if isinstance(test, ast.Constant):
        return not test.value
    names = {one.id for one in ast.walk(test) if isinstance(one, ast.Name)}
    names |= {one.attr for one in ast.walk(test) if isinstance(one, ast.Attribute)}
    return any(word in name.lower() for name in names for word in WORDS)
