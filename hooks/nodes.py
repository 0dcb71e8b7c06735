"""YAML with its lines: mappings, lists and texts of a file, and every complaint in its place."""

from __future__ import annotations

import yaml

from hooks.problem import Problem


class Nodes:
    """What reads one file. Never raises: what is wrong is in `problems`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def complain(self, node: yaml.Node | None, message: str, mend: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1 if node else 1, message, mend))

    def fields(
        self, node: yaml.Node, what: str, known: tuple[str, ...], needed: tuple[str, ...]
    ) -> dict[str, yaml.Node]:
        shown = ", ".join(f"`{name}`" for name in known)
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, f"{what} is a mapping.", f"Its fields are {shown}.")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value not in known:
                self.complain(key, f"unknown field `{key.value}` of {what}.", f"Its fields are {shown}.")
            elif key.value in found:
                self.complain(key, f"the field `{key.value}` stands twice.", "Keep one.")
            else:
                found[key.value] = value
        for name in needed:
            if name not in found:
                self.complain(node, f"{what} has no `{name}`.", "Add it.")
        return found

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None or node.tag.endswith(":null"):
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, "here a list is expected.", "Write one item a line, each behind a hyphen.")
            return []
        return list(node.value)

    def text(self, node: yaml.Node | None) -> str:
        if node is None or node.tag.endswith(":null"):
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.complain(node, "here a text is expected.", "Put it in quotes if it holds a colon.")
            return ""
        return str(node.value)
