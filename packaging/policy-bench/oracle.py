#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The KafClaw authors
"""Asks Cedar and Rego the questions that the policy engine answered, and compares.

usage: oracle.py FILE...    (python packages: cedarpy 4.12.2, regopy 1.5.2)

A file holds one JSON object a line: {"rules": N, "role": I, "tool": T, "verdict": V}. The rules
behind it: rule i holds for role i; every seventh denies the tool i % 7, the others let role i use
the reading tools and the tool i % 7 only. Ends with 1 when a decision differs.
"""
import json
import sys
import time

import cedarpy
import regopy

TOOLS = ["exec", "edit_file", "list_dir", "read_file", "search_files", "web_fetch", "write_file"]
READING = {"list_dir", "read_file", "search_files"}


def permitted_by(rule):
    """The tools that a rule leaves: what a deny list does not name, or what an allow list does."""
    named = TOOLS[rule % len(TOOLS)]
    return set(TOOLS) - {named} if rule % 7 == 0 else READING | {named}


def cedar(count):
    """Everything is permitted to roles; a rule forbids what it takes away."""
    lines = ['permit (principal, action == Action::"call", resource);']
    for rule in range(count):
        for tool in sorted(set(TOOLS) - permitted_by(rule)):
            lines.append(
                f'forbid (principal == Role::"r{rule}", action == Action::"call", '
                f'resource == Tool::"{tool}");')
    policies = cedarpy.PolicySet.from_str("\n".join(lines))
    entities = cedarpy.Entities.from_json_str("[]")

    def ask(role, tool):
        request = {
            "principal": {"type": "Role", "id": f"r{role}"},
            "action": {"type": "Action", "id": "call"},
            "resource": {"type": "Tool", "id": tool}, "context": {}}
        return cedarpy.is_authorized(request, policies, entities).decision.value == "Allow"

    return ask


def rego(count):
    module = ["package tools", "import rego.v1", "default allow := true", "allow := false if deny"]
    for rule in range(count):
        taken = json.dumps(sorted(set(TOOLS) - permitted_by(rule)))
        module.append(f'deny if {{ input.role == "r{rule}"; input.tool in {taken} }}')
    interpreter = regopy.Interpreter()
    interpreter.add_module("tools", "\n".join(module) + "\n")
    bundle = interpreter.build("x=data.tools.allow", [])

    def ask(role, tool):
        interpreter.set_input({"role": f"r{role}", "tool": tool})
        decision = json.loads(str(interpreter.query_bundle(bundle)))["bindings"]["x"]
        if not isinstance(decision, bool):
            raise SystemExit(f"rego gave no decision: {decision}")
        return decision

    return ask


def compare(path, name, make, limit):
    with open(path, encoding="utf-8") as lines:
        questions = [json.loads(line) for line in lines]
    ask = make(questions[0]["rules"])
    asked, differ, start = 0, 0, time.process_time()
    for question in questions:
        if time.process_time() - start > limit:
            break
        asked += 1
        if ask(question["role"], question["tool"]) != (question["verdict"] == "permitted"):
            differ += 1
            print(f"{name} differs: {question}", file=sys.stderr)
    rate = asked / max(time.process_time() - start, 1e-9)
    print(
        f"{name}: {questions[0]['rules']} rules, {asked} of {len(questions)} questions asked, "
        f"{differ} differ, {rate:.0f}/s of CPU")
    return differ


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    differ = sum(
        compare(path, name, make, 10.0)
        for path in sys.argv[1:] for name, make in (("cedar", cedar), ("rego", rego)))
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
