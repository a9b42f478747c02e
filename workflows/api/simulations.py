"""``POST simulations``: the route, the pieces and the delays that would apply. Nothing is stored."""

from typing import Any

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.selectors.organisations import organisation_for
from workflows.services import Simulation, simulate

router = Router(tags=["Simulateur"])


class SimulationIn(BaseModel):
    """L’opération imaginée ; le montant et la nature suffisent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    path: str = Field(max_length=60)
    organisation: str = Field(
        max_length=40, description="Code de l’organisation, par exemple « carmi-npdc »."
    )
    data: dict[str, Any]


@router.post(
    "simulations",
    summary="Simuler une opération",
    response={200: Simulation, 401: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def create_simulation(request: HttpRequest, simulation: SimulationIn) -> Simulation:
    """Le circuit, les pièces, les délais et qui décide, chacun avec sa règle. Rien n’est enregistré."""
    organisation = organisation_for(person_of(request), simulation.organisation)
    return simulate(path=simulation.path, organisation=organisation, data=simulation.data)
