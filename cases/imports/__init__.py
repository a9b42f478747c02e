"""Files that are loaded into the registers: reading them, judging every row, saying what would change.

Nothing here writes but ``Register.save_*``, which ``cases.services.imports`` calls in its transaction.
"""

from collections.abc import Callable

from cases.imports.columns import Column, Fault, Register, Scope
from cases.imports.facilities import FacilityRegister
from cases.imports.plan import Plan, make_plan
from cases.imports.property import PropertyRegister
from cases.imports.reading import read_table
from cases.register_terms import RegisterKind

#: How a register is described: a fresh one for each file, which may remember what it looked up.
REGISTERS: dict[str, Callable[[], Register]] = {
    RegisterKind.PROPERTY: PropertyRegister,
    RegisterKind.FACILITY: FacilityRegister,
}

__all__ = ["REGISTERS", "Column", "Fault", "Plan", "Register", "Scope", "make_plan", "read_table"]
