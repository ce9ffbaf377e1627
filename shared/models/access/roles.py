"""Who may call what by a token of Entra ID: its app roles, with the rights of Azure's own roles for Custom Vision."""

from enum import StrEnum


class Role(StrEnum):
    READER = "Reader"
    LABELER = "Labeler"
    DEPLOYMENT = "Deployment"
    TRAINER = "Trainer"
    CONTRIBUTOR = "Contributor"
    # Ours: in Azure, who may predict may publish as well.
    PREDICTOR = "Predictor"


# The data actions of the built-in roles "Cognitive Services Custom Vision ...". A Contributor may call everything.
CONTRIBUTORS = frozenset({Role.CONTRIBUTOR})
TRAINERS = CONTRIBUTORS | {Role.TRAINER}
LABELERS = TRAINERS | {Role.LABELER}
DEPLOYERS = TRAINERS | {Role.DEPLOYMENT}
PREDICTORS = DEPLOYERS | {Role.PREDICTOR}
READERS = LABELERS | DEPLOYERS | {Role.READER}
EVERYBODY = frozenset(Role)
