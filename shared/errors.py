"""The one error family. A class is one code of the API; the message says what to do.

Codes and statuses are those of Custom Vision (CustomVisionErrorCodes of the SDK).
"""


class ServiceError(Exception):
    """An answer that the caller can act on: HTTP `status`, API `code`, and a message for people."""

    status = 400
    code = "BadRequest"

    @property
    def message(self) -> str:
        return str(self)


class BadRequest(ServiceError):
    pass


class Unauthorized(ServiceError):
    status, code = 401, "401"


class InsufficientCapability(ServiceError):
    """The caller is known, and none of its roles allows the call."""

    status, code = 403, "ForbiddenUserInsufficientCapability"


class TooManyRequests(ServiceError):
    status, code = 429, "429"


class QuotaExceeded(ServiceError):
    status, code = 403, "403"


class MissingParameter(ServiceError):
    code = "BadRequestRequiredParamIsNull"


class InvalidIds(ServiceError):
    code = "BadRequestInvalidIds"


class ExceededBatchSize(ServiceError):
    code = "BadRequestExceededBatchSize"


class OperationNotSupported(ServiceError):
    code = "BadRequestOperationNotSupported"


class InvalidApplicationName(ServiceError):
    code = "BadRequestPredictionInvalidApplicationName"


class UnsupportedMediaType(ServiceError):
    """The code is what Custom Vision was seen to answer."""

    status, code = 415, "ErrorUnknown"


class BodyTooLarge(ServiceError):
    """As the host says it of what comes uncompressed."""

    status, code = 413, "413"


class NotFound(ServiceError):
    status, code = 404, "NotFound"


class Conflict(ServiceError):
    status, code = 409, "Conflict"


class ServiceUnavailable(ServiceError):
    """Something that we depend on does not answer; the same call may succeed later."""

    status, code = 503, "ErrorUnknown"


class AccessRefused(ServiceUnavailable):
    """Storage refuses our identity; `reason` is its own word for why."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class UploadRefused(AccessRefused):
    """So it is for one upload at least; a role that is on its way may mend it."""


class BackupError(ServiceError):
    """A backup that can't be written, or not be read."""


# Projects


class ProjectNotFound(ServiceError):
    status, code = 404, "NotFoundProject"


class DomainNotFound(ServiceError):
    status, code = 404, "NotFoundDomain"


class BadProjectName(ServiceError):
    code = "BadRequestProjectName"


class BadProjectDescription(ServiceError):
    code = "BadRequestProjectDescription"


class UnknownDomain(ServiceError):
    code = "BadRequestProjectUnknownDomain"


class UnknownClassificationType(ServiceError):
    code = "BadRequestProjectUnknownClassification"


class UnsupportedDomainTypeChange(ServiceError):
    code = "BadRequestProjectUnsupportedDomainTypeChange"


class BadImageProcessingSettings(ServiceError):
    code = "BadRequestProjectImagePreprocessingSettings"


class UnsupportedExportPlatform(ServiceError):
    code = "BadRequestProjectUnsupportedExportPlatform"


class ProjectLimitExceeded(ServiceError):
    code = "BadRequestExceedProjectLimit"


# Tags


class TagNotFound(ServiceError):
    status, code = 404, "NotFoundTag"


class BadTagName(ServiceError):
    code = "BadRequestTagName"


class BadTagDescription(ServiceError):
    code = "BadRequestTagDescription"


class BadTagType(ServiceError):
    code = "BadRequestTagType"


class ProjectDuplicated(ServiceError):
    code = "BadRequestProjectDuplicated"


class TagNameNotUnique(ServiceError):
    code = "BadRequestTagNameNotUnique"


class MultipleNegativeTags(ServiceError):
    code = "BadRequestMultipleNegativeTag"


class NegativeAndRegularTagOnSameImage(ServiceError):
    code = "BadRequestNegativeAndRegularTagOnSameImage"


class MultipleGeneralProductTags(ServiceError):
    code = "BadRequestMultipleGeneralProductTag"


class TagLimitExceeded(ServiceError):
    code = "BadRequestExceedTagPerProjectLimit"


class TagsPerImageExceeded(ServiceError):
    code = "BadRequestExceedTagPerImageLimit"


class BadImageRegions(ServiceError):
    code = "BadRequestImageRegions"


class RegionsPerImageExceeded(BadImageRegions):
    pass


# Images


class ImageNotFound(ServiceError):
    status, code = 404, "NotFoundImage"


class BadImageBatch(ServiceError):
    code = "BadRequestImageBatch"


class BadImageFormat(ServiceError):
    code = "BadRequestImageFormat"


class BadImageSize(ServiceError):
    code = "BadRequestImageSizeBytes"


class BadImageDimensions(ServiceError):
    code = "BadRequestImageDimensions"


class BadImageAspectRatio(ServiceError):
    code = "BadRequestImageAspectRatio"


class BadImageUrl(ServiceError):
    """`answered` is the HTTP status of a host that refused; 0 where none was heard."""

    code = "BadRequestImageUrl"

    def __init__(self, message: str, answered: int = 0) -> None:
        super().__init__(message)
        self.answered = answered


class ImageLimitExceeded(ServiceError):
    code = "BadRequestImageExceededCount"


class BadMetadataKey(ServiceError):
    code = "BadRequestImageMetadataKey"


class BadMetadataValue(ServiceError):
    code = "BadRequestImageMetadataValue"


# Iterations, training, publishing


class IterationNotFound(ServiceError):
    status, code = 404, "NotFoundIteration"


class DefaultIterationNotFound(NotFound):
    code = "NotFoundProjectDefaultIteration"


class PerformanceNotFound(ServiceError):
    status, code = 404, "NotFoundIterationPerformance"


class BadIterationName(ServiceError):
    code = "BadRequestIterationName"


class IterationNameNotUnique(ServiceError):
    code = "BadRequestIterationNameNotUnique"


class IterationNotTrained(ServiceError):
    code = "BadRequestIterationIsNotTrained"


class IterationIsPublished(ServiceError):
    code = "BadRequestIterationIsPublished"


class IterationNotPublished(ServiceError):
    code = "BadRequestIterationNotPublished"


class IterationLimitExceeded(ServiceError):
    code = "BadRequestExceedIterationPerProjectLimit"


class InvalidPublishName(ServiceError):
    code = "BadRequestInvalidPublishName"


class TrainingNotNeeded(ServiceError):
    code = "BadRequestTrainingNotNeeded"


class TrainingInProgress(ServiceError):
    code = "BadRequestTrainingAlreadyInProgress"


class MultiClassTrainingValidationFailed(ServiceError):
    code = "BadRequestMultiClassClassificationTrainingValidationFailed"


class MultiLabelTrainingValidationFailed(ServiceError):
    code = "BadRequestMultiLabelClassificationTrainingValidationFailed"


class DetectionTrainingValidationFailed(ServiceError):
    code = "BadRequestDetectionTrainingValidationFailed"


class DetectionTrainingNotAllowNegativeTag(ServiceError):
    code = "BadRequestDetectionTrainingNotAllowNegativeTag"


class CustomBaseModelNotCompleted(ServiceError):
    code = "BadRequestCustomBaseModelIterationStatusNotCompleted"


class CustomBaseModelNotCompatible(ServiceError):
    code = "BadRequestCustomBaseModelDomainNotCompatible"


class CustomBaseModelRetired(ServiceError):
    code = "BadRequestCustomBaseModelArchitectureRetired"


class InvalidEmailAddress(ServiceError):
    code = "BadRequestInvalidEmailAddress"


# Exports and artifacts


class ExportValidationFailed(ServiceError):
    code = "BadRequestExportValidationFailed"


class ExportInProgress(ServiceError):
    code = "BadRequestExportAlreadyInProgress"


class ExportWhileTraining(ServiceError):
    code = "BadRequestExportWhileTraining"


class InvalidImportToken(ServiceError):
    code = "BadRequestInvalidImportToken"


class InvalidModel(ServiceError):
    """A package whose model can't be taken in."""

    code = "BadRequestInvalidModel"


class WorkspaceCannotBeModified(ServiceError):
    code = "BadRequestWorkspaceCannotBeModified"


class InvalidArtifactUri(ServiceError):
    code = "BadRequestInvalidArtifactUri"


class InvalidUri(ServiceError):
    code = "BadRequestInvalidUri"


# Prediction


class PredictionIdsMissing(ServiceError):
    code = "BadRequestPredictionIdsMissing"


class PredictionIdsExceeded(ServiceError):
    code = "BadRequestPredictionIdsExceededCount"


class PredictionTagsExceeded(ServiceError):
    code = "BadRequestPredictionTagsExceededCount"


class PredictionResultsExceeded(ServiceError):
    code = "BadRequestPredictionResultsExceededCount"


class InvalidQueryParameters(ServiceError):
    code = "BadRequestPredictionInvalidQueryParameters"


class PredictionModelUnreadable(ServiceError):
    """A published model that can't be loaded: the operator's fault, never the caller's."""

    status, code = 500, "ErrorPredictionModelNotFound"
