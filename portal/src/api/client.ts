// Made by `python -m local.client` from the service's own description: change the service, not this file.
import { send, type Options } from "./send";

export interface AcceptRequest {
  source: string;
  threshold?: number;
  tagId?: string | null;
  imageIds?: string[] | null;
  except?: string[] | null;
  expected?: number | null;
  id?: string | null;
}

export interface Batch {
  id: string;
  projectId: string;
  status: BatchStatus;
  created: string;
  by: string;
  publishedName: string;
  iterationId: string;
  container: string;
  prefix: string;
  manifest: string | null;
  results: string;
  ended: string | null;
  listed: boolean;
  total: number;
  done: number;
  failed: number;
  failures: BatchRow[];
  message: string | null;
}

export interface BatchRequest {
  publishedName: string;
  container?: string;
  prefix?: string;
  manifest?: string | null;
  output?: string;
  id?: string | null;
}

export interface BatchRow {
  blob: string;
  predictions: Prediction[];
  code: string | null;
  reason: string | null;
}

export type BatchStatus = "Cancelled" | "Completed" | "Failed" | "Running";

export interface BoundingBox {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface CameraFeedback {
  lowest: number;
  highest: number;
  share: number;
  perDay: number;
}

export type ClassificationType = "Multiclass" | "Multilabel";

export interface ComparedImage {
  id: string;
  thumbnailUri: string;
}

export interface ConfirmedTag {
  imageId: string;
  tagId: string;
}

export interface Confusions {
  tags: JudgedTag[];
  cells: number[][];
}

export interface CustomBaseModelInfo {
  projectId: string;
  iterationId: string;
}

export interface CustomVisionError {
  code: string;
  message: string;
}

export interface DatasetTask {
  id: string;
  operation: string;
  status: TaskStatus;
  created: string;
  by: string;
  format: string | null;
  total: number;
  done: number;
  new: number;
  present: number;
  lost: Record<string, number>;
  leftOut: number;
  misplaced: number;
  reasons: string[];
  message: string | null;
  downloadUri: string | null;
}

export interface Domain {
  id: string;
  name: string;
  type: DomainType;
  exportable: boolean;
  enabled: boolean;
  exportablePlatforms: string[];
  modelInformation: ModelInformation | null;
  exportableFlavors: Record<string, (string | null)[]>;
}

export type DomainType = "Classification" | "ObjectDetection";

export interface Export {
  platform: string;
  status: ExportStatus;
  downloadUri: string | null;
  flavor: string | null;
  newerVersionAvailable: boolean;
}

export type ExportStatus = "Done" | "Exporting" | "Failed";

export type Fit = "crop" | "letterbox" | "squash";

export interface GatewayError {
  error: unknown;
}

export interface Image {
  id: string;
  created: string;
  width: number;
  height: number;
  resizedImageUri: string;
  thumbnailUri: string;
  originalImageUri: string;
  tags?: ImageTag[];
  regions?: ImageRegion[];
  metadata?: Record<string, string>;
}

export interface ImageChoice {
  tagIds?: string[] | null;
  taggingStatus?: TaggingStatus;
  filter?: string | null;
  except?: string[] | null;
}

export interface ImageCreateResult {
  sourceUrl: string | null;
  status: ImageUploadStatus;
  image: Image | null;
  message?: string;
}

export interface ImageCreateSummary {
  isBatchSuccessful: boolean;
  images: ImageCreateResult[];
}

export interface ImageFileCreateBatch {
  images?: ImageFileCreateEntry[] | null;
  tagIds?: string[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImageFileCreateEntry {
  contents: string;
  name?: string | null;
  tagIds?: string[] | null;
  regions?: Region[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImageIdCreateBatch {
  images?: ImageIdCreateEntry[] | null;
  tagIds?: string[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImageIdCreateEntry {
  id: string;
  tagIds?: string[] | null;
  regions?: Region[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImageMap {
  state: LiveState;
  total: number;
  drawing: boolean;
  tagIds: string[];
  images: string;
  places: string;
  tags: string;
}

export interface ImageMetadataUpdateEntry {
  imageId: string;
  status: ImageMetadataUpdateStatus;
  metadata: Record<string, string>;
}

export type ImageMetadataUpdateStatus = "ErrorImageNotFound" | "ErrorLimitExceed" | "OK";

export interface ImageMetadataUpdateSummary {
  isBatchSuccessful: boolean;
  images: ImageMetadataUpdateEntry[];
}

export interface ImagePerformance {
  predictions: Prediction[];
  id: string;
  created: string;
  width: number;
  height: number;
  imageUri: string;
  thumbnailUri: string;
  tags: ImageTag[];
  regions?: ImageRegion[];
}

export interface ImagePrediction {
  id: string;
  project: string;
  iteration: string;
  created: string;
  predictions: Prediction[];
}

export interface ImageProcessingSettings {
  augmentationMethods?: Record<string, boolean>;
}

export interface ImageRegion {
  regionId: string;
  tagName: string | null;
  created: string;
  tagId: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface ImageRegionCreateBatch {
  regions?: ImageRegionCreateEntry[] | null;
}

export interface ImageRegionCreateEntry {
  tagId: string;
  left: number;
  top: number;
  width: number;
  height: number;
  imageId: string;
}

export interface ImageRegionCreateResult {
  regionId: string;
  tagName: string | null;
  created: string;
  tagId: string;
  left: number;
  top: number;
  width: number;
  height: number;
  imageId: string;
}

export interface ImageRegionCreateSummary {
  created: ImageRegionCreateResult[];
  duplicated: ImageRegionCreateEntry[];
  exceeded: ImageRegionRefused[];
}

export interface ImageRegionProposal {
  projectId: string;
  imageId: string;
  proposals: RegionProposal[];
}

export interface ImageRegionRefused {
  imageId: string | null;
  tagId: string | null;
  left: number | null;
  top: number | null;
  width: number | null;
  height: number | null;
  message: string;
}

export interface ImageRestoreBatch {
  imageIds: string[];
}

export interface ImageRestoreDuplicate {
  imageId: string;
  presentId: string;
}

export interface ImageRestoreSummary {
  restored: string[];
  duplicated: ImageRestoreDuplicate[];
  gone: string[];
}

export interface ImageTag {
  tagId: string;
  tagName: string;
  created: string;
}

export interface ImageTagCreateBatch {
  tags?: ImageTagCreateEntry[] | null;
}

export interface ImageTagCreateEntry {
  imageId: string;
  tagId: string;
}

export interface ImageTagCreateSummary {
  created: ImageTagCreateEntry[];
  duplicated: ImageTagCreateEntry[];
  exceeded: ImageTagCreateEntry[];
}

export type ImageUploadStatus = "ErrorImageDimensions" | "ErrorImageFormat" | "ErrorImageSize" | "ErrorInvalidRegion" | "ErrorInvalidTag" | "ErrorLimitExceed" | "ErrorNegativeAndRegularTagOnSameImage" | "ErrorRegionLimitExceed" | "ErrorSource" | "ErrorStorage" | "ErrorTagLimitExceed" | "ErrorUnknown" | "OK" | "OKDuplicate";

export interface ImageUrl {
  url: string;
}

export interface ImageUrlCreateBatch {
  images?: ImageUrlCreateEntry[] | null;
  tagIds?: string[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImageUrlCreateEntry {
  url: string;
  tagIds?: string[] | null;
  regions?: Region[] | null;
  metadata?: Record<string, string | null> | null;
}

export interface ImportedFrom {
  layout: Layout;
  sha256: string;
  iterationId: string | null;
  exported: string | null;
  platform: string | null;
}

export interface Iteration {
  id: string;
  name: string;
  status: IterationStatus;
  created: string;
  lastModified: string;
  projectId: string;
  domainId: string;
  classificationType: ClassificationType | null;
  trainingType: TrainingType;
  trainedAt?: string;
  exportable: boolean;
  exportableTo: string[] | null;
  reservedBudgetInHours: number;
  trainingTimeInMinutes: number;
  publishName: string | null;
  originalPublishResourceId: string | null;
  customBaseModelInfo: CustomBaseModelInfo | null;
  trainingErrorDetails: string | null;
  trainingProgress?: number;
  trainingMessage?: string;
  rightAtLeast?: number;
  rightAtMost?: number;
  notExportableTo?: string[];
  importedFrom?: ImportedFrom;
  isDefault?: boolean;
}

export interface IterationComparison {
  images: number;
  a: Rates;
  b: Rates;
  tags: TagComparison[];
  fixed: number;
  broken: number;
  fixedImages: ComparedImage[];
  brokenImages: ComparedImage[];
}

export interface IterationPerformance {
  perTagPerformance: TagPerformance[];
  precision: number;
  precisionStdDeviation: number;
  recall: number;
  recallStdDeviation: number;
  averagePrecision?: number | null;
}

export type IterationStatus = "Completed" | "Failed" | "Training";

export interface IterationUpdate {
  name?: string | null;
  isDefault?: boolean | null;
}

export interface JudgedTag {
  id: string;
  name: string;
}

export type Layout = "Boxes" | "Grid" | "Probabilities" | "Yolo";

export interface Limits {
  projects: number;
  imagesPerProject: number;
  tagsPerProject: number;
  tagsPerImage: number;
  regionsPerImage: number;
  boxesPerPrediction: number;
  iterationsPerProject: number;
  imagesPerBatch: number;
  blobsPerBatch: number;
  batchesUnderWay: number;
  tagsPerBatch: number;
  regionsPerBatch: number;
  tagsPerFilter: number;
  idsPerRequest: number;
  pageSize: number;
  trainingImageBytes: number;
  predictionImageBytes: number;
  cameraImageBytes: number;
  imageSide: number;
  imageAspectRatio: number;
  metadataPairs: number;
  metadataKeyLength: number;
  metadataValueLength: number;
  imagesPerTag: number;
  imagesPerTagDetection: number;
  imagesPerTagDraft: number;
  trainingBudgetHours: number;
  predictionRetentionDays: number;
  cameraResultRetentionDays: number;
  callsPerSecond: number;
  trainingsPerSecond: number;
  storedPredictionsPerSecond: number;
  unstoredPredictionsPerSecond: number;
  predictionsPerMonth: number;
}

export interface LiveAcceptRequest {
  items?: ConfirmedTag[] | null;
  tagId?: string | null;
  threshold?: number | null;
  except?: string[] | null;
  expected?: number | null;
  id?: string | null;
}

export interface LiveBox {
  tagId: string;
  probability: number;
  boundingBox: BoundingBox;
}

export interface LiveBoxGuess {
  tagId: string | null;
  probability: number;
}

export interface LiveBoxQuery {
  boxes?: BoundingBox[] | null;
}

export interface LiveBoxes {
  state: LiveState;
  guesses: LiveBoxGuess[];
  found: LiveBox[];
}

export interface LiveDismissal {
  items: ConfirmedTag[];
  dismissed?: boolean;
}

export interface LiveDoubt {
  imageId: string;
  given: string[];
  tagId: string;
  score: number;
}

export interface LiveMeasure {
  right: number;
  labelled: number;
  low: number;
  high: number;
}

export type LiveOrder = "Sure" | "Unsure";

export interface LiveQuery {
  order?: LiveOrder;
  tagId?: string | null;
  imageIds?: string[] | null;
  threshold?: number;
  take?: number;
  since?: string | null;
}

export type LiveState = "Embedding" | "Lacking" | "Ready" | "Unavailable";

export interface LiveSuggestion {
  imageId: string;
  tagId: string | null;
  probability: number;
  margin: number;
  drawn: boolean;
}

export interface LiveSuggestions {
  state: LiveState;
  revision: string;
  total: number;
  embedded: number;
  labelled: number;
  scored: number;
  lacking: string[];
  counts: Record<string, number>;
  certain: Record<string, number>;
  results: LiveSuggestion[];
  measured: LiveMeasure | null;
  unchanged: boolean;
}

export interface Me {
  actor: string;
  roles: Role[];
  limits: Limits;
  pictures: string;
}

export interface ModelInformation {
  description: string;
  estimatedModelSizeInMegabytes: number | null;
}

export interface NearDuplicates {
  groups: string[][];
}

export type Order = "Bgr" | "Rgb";

export type OrderBy = "Newest" | "Oldest";

export interface PastPerformance {
  name: string;
  performance: IterationPerformance;
  trainedAt?: string | null;
  publishName?: string | null;
  id?: string;
}

export interface PerformanceCurve {
  truths: number;
  averagePrecision: number | null;
  precision: number[];
  recall: number[];
}

export interface PerformanceCurves {
  thresholds: number[];
  overall: PerformanceCurve;
  tags: TagPerformanceCurve[];
}

export interface Prediction {
  probability: number;
  tagId: string;
  tagName: string;
  tagType?: TagType;
  boundingBox?: BoundingBox;
}

export type PredictionOrder = "Newest" | "Oldest" | "Suggested";

export interface PredictionQueryResult {
  token: PredictionQueryToken;
  results: StoredImagePrediction[];
}

export interface PredictionQueryTag {
  id: string;
  minThreshold?: number | null;
  maxThreshold?: number | null;
}

export interface PredictionQueryToken {
  session?: string | null;
  continuation?: string | null;
  maxCount?: number | null;
  orderBy?: PredictionOrder | null;
  tags?: PredictionQueryTag[] | null;
  iterationId?: string | null;
  startTime?: string | null;
  endTime?: string | null;
  application?: string | null;
}

export interface Project {
  id: string;
  name: string;
  description: string | null;
  settings: ProjectSettings;
  created: string;
  lastModified: string;
  thumbnailUri: string | null;
  drModeEnabled: boolean;
  status: ProjectStatus;
}

export interface ProjectExport {
  iterationCount: number;
  imageCount: number;
  tagCount: number;
  regionCount: number;
  estimatedImportTimeInMS: number;
  token: string;
}

export interface ProjectOptions {
  exportModelContainerUri?: string | null;
  notificationQueueUri?: string | null;
}

export interface ProjectSettings {
  domainId: string;
  classificationType: ClassificationType | null;
  targetExportPlatforms: string[];
  useNegativeSet: boolean;
  detectionParameters: string | null;
  imageProcessingSettings: ImageProcessingSettings;
  exportModelContainerUri?: string;
  notificationQueueUri?: string;
}

export interface ProjectSettingsUpdate {
  domainId?: string | null;
  classificationType?: string | null;
  targetExportPlatforms?: string[] | null;
  imageProcessingSettings?: ImageProcessingSettings | null;
  exportModelContainerUri?: string | null;
  notificationQueueUri?: string | null;
}

export type ProjectStatus = "Failed" | "Importing" | "Succeeded";

export interface ProjectUpdate {
  name?: string | null;
  description?: string | null;
  settings?: ProjectSettingsUpdate | null;
}

export interface PublishedIteration {
  iterationId: string;
  published: string;
  by: string;
}

export interface PublishedName {
  iterationId: string;
  published: string;
  by: string;
  name: string;
  before: PublishedIteration[];
  tiles: number;
  cameraFeedback: CameraFeedback;
}

export type Range = "0-1" | "0-255";

export interface Rates {
  precision: number;
  recall: number;
  averagePrecision: number | null;
}

export interface Region {
  tagId: string;
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface RegionProposal {
  confidence: number;
  boundingBox: BoundingBox;
}

export interface RetagRequest {
  add?: string[] | null;
  remove?: string[] | null;
  where?: ImageChoice | null;
  imageIds?: string[] | null;
  expected?: number | null;
  id?: string | null;
}

export type Role = "Contributor" | "Deployment" | "Labeler" | "Predictor" | "Reader" | "Trainer";

export type Scoring = "Probabilities" | "Sigmoid" | "Softmax";

export interface SimilarImage {
  imageId: string;
  similarity: number;
}

export type SortBy = "UncertaintyAscending" | "UncertaintyDescending";

export interface StoredImagePrediction {
  id: string;
  project: string;
  iteration: string;
  created: string;
  predictions: Prediction[];
  resizedImageUri: string;
  thumbnailUri: string;
  originalImageUri: string;
  domain: string;
}

export interface StoredSuggestedTagAndRegion {
  id: string;
  project: string;
  iteration: string;
  created: string;
  predictions: Prediction[];
  predictionUncertainty: number;
  width: number;
  height: number;
  resizedImageUri: string;
  thumbnailUri: string;
  originalImageUri: string;
  domain: string;
}

export interface SuggestedTagAndRegion {
  id: string;
  project: string;
  iteration: string;
  created: string;
  predictions: Prediction[];
  predictionUncertainty: number;
}

export interface SuggestedTagAndRegionQuery {
  token: SuggestedTagAndRegionQueryToken;
  results: StoredSuggestedTagAndRegion[];
}

export interface SuggestedTagAndRegionQueryToken {
  tagIds?: string[] | null;
  threshold?: number | null;
  session?: string | null;
  continuation?: string | null;
  maxCount?: number | null;
  sortBy?: SortBy | null;
}

export interface Tag {
  id: string;
  name: string;
  description: string | null;
  type: TagType;
  imageCount: number;
}

export interface TagComparison {
  id: string;
  name: string;
  a: Rates | null;
  b: Rates | null;
}

export interface TagFilter {
  tagIds?: string[] | null;
  threshold?: number | null;
}

export interface TagPerformance {
  id: string;
  name: string;
  precision: number;
  precisionStdDeviation: number;
  recall: number;
  recallStdDeviation: number;
  averagePrecision?: number | null;
}

export interface TagPerformanceCurve {
  truths: number;
  averagePrecision: number | null;
  precision: number[];
  recall: number[];
  id: string;
  name: string;
}

export type TagType = "GeneralProduct" | "Negative" | "Regular";

export interface TagUpdate {
  name?: string | null;
  description?: string | null;
  type?: string | null;
}

export type TaggingStatus = "All" | "Tagged" | "Untagged";

export type TaskStatus = "Completed" | "Failed" | "Running" | "Undoing" | "Undone";

export interface TrainingParameters {
  selectedTags?: string[] | null;
  customBaseModelInfo?: CustomBaseModelInfo | null;
}

export type TrainingType = "Advanced" | "Regular";

export interface WorkspaceTask {
  id: string;
  operation: string;
  status: TaskStatus;
  created: string;
  by: string;
  total: number;
  done: number;
  changed: number;
  refused: number;
  message: string | null;
}

/** Make labels of live suggestions for untagged images; get_task tells how far it is, undo_task takes it back. */
export const acceptLive = (projectId: string, body: LiveAcceptRequest, options: Options = {}) =>
  send<WorkspaceTask>("POST", `/ocellus/v1/projects/${projectId}/live/accept`, { body, ...options });

/** Make labels of what an iteration suggested for untagged images; get_task tells how far it is. */
export const acceptSuggestions = (projectId: string, body: AcceptRequest, options: Options = {}) =>
  send<WorkspaceTask>("POST", `/ocellus/v1/projects/${projectId}/suggestions/accept`, { body, ...options });

/** End a batch that is under way; what is predicted by then stays. */
export const cancelBatch = (projectId: string, batchId: string, options: Options = {}) =>
  send<Batch>("POST", `/ocellus/v1/projects/${projectId}/batches/${batchId}/cancel`, { ...options });

/** Two iterations on the images that both were judged by: tag by tag, and what the second fixed and broke. */
export const compareIterations = (projectId: string, query: { a: string; b: string; threshold?: number; overlapThreshold?: number }, options: Options = {}) =>
  send<IterationComparison>("GET", `/ocellus/v1/projects/${projectId}/iterations/compare`, { query, ...options });

/** Create image regions. */
export const createImageRegions = (projectId: string, body: ImageRegionCreateBatch, options: Options = {}) =>
  send<ImageRegionCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/regions`, { body, ...options });

/** Create image tags. */
export const createImageTags = (projectId: string, query: { alone?: boolean } = {}, body: ImageTagCreateBatch, options: Options = {}) =>
  send<ImageTagCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/tags`, { query, body, ...options });

/** Create images from data. */
export const createImagesFromData = (projectId: string, query: { tagIds?: string[]; nameKey?: string } = {}, body: Blob | FormData, options: Options = {}) =>
  send<ImageCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images`, { query, body, ...options });

/** Create images from files. */
export const createImagesFromFiles = (projectId: string, body: ImageFileCreateBatch, options: Options = {}) =>
  send<ImageCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/files`, { body, ...options });

/** Create images from predictions. */
export const createImagesFromPredictions = (projectId: string, body: ImageIdCreateBatch, options: Options = {}) =>
  send<ImageCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/predictions`, { body, ...options });

/** Create images from urls. */
export const createImagesFromUrls = (projectId: string, body: ImageUrlCreateBatch, options: Options = {}) =>
  send<ImageCreateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/urls`, { body, ...options });

/** Create project. */
export const createProject = (query: { name: string; targetExportPlatforms?: string[]; description?: string; domainId?: string; classificationType?: string; exportModelContainerUri?: string; notificationQueueUri?: string; newProjectId?: string }, body: ProjectOptions, options: Options = {}) =>
  send<Project>("POST", `/customvision/v3.4-preview/training/projects`, { query, body, ...options });

/** Create tag. */
export const createTag = (projectId: string, query: { name: string; description?: string; type?: string }, options: Options = {}) =>
  send<Tag>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/tags`, { query, ...options });

/** Delete image regions. */
export const deleteImageRegions = (projectId: string, query: { regionIds?: string[] } = {}, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/images/regions`, { query, ...options });

/** Delete image tags. */
export const deleteImageTags = (projectId: string, query: { imageIds?: string[]; tagIds?: string[] } = {}, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/images/tags`, { query, ...options });

/** Delete images. */
export const deleteImages = (projectId: string, query: { imageIds?: string[]; allImages?: boolean; allIterations?: boolean } = {}, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/images`, { query, ...options });

/** Delete iteration. */
export const deleteIteration = (projectId: string, iterationId: string, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}`, { ...options });

/** Delete prediction. */
export const deletePrediction = (projectId: string, query: { ids?: string[] } = {}, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/predictions`, { query, ...options });

/** Delete project. */
export const deleteProject = (projectId: string, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}`, { ...options });

/** Delete tag. */
export const deleteTag = (projectId: string, tagId: string, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/tags/${tagId}`, { ...options });

/** Say of labels in doubt that they are right, so that nobody is asked again; or take that back. */
export const dismissLabelDoubts = (projectId: string, body: LiveDismissal, options: Options = {}) =>
  send<void>("POST", `/ocellus/v1/projects/${projectId}/live/doubts/dismiss`, { body, ...options });

/** Pack what is there, or what an iteration was trained on, as a zip, maybe with what one says of each picture. */
export const exportDataset = (projectId: string, datasetId: string, query: { format: string; iterationId?: string; predictedBy?: string }, options: Options = {}) =>
  send<DatasetTask>("POST", `/ocellus/v1/projects/${projectId}/datasets/${datasetId}/export`, { query, ...options });

/** Export iteration. */
export const exportIteration = (projectId: string, iterationId: string, query: { platform: string; flavor?: string }, options: Options = {}) =>
  send<Export>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/export`, { query, ...options });

/** Export project. */
export const exportProject = (projectId: string, options: Options = {}) =>
  send<ProjectExport>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/export`, { ...options });

/** Get artifact. */
export const getArtifact = (projectId: string, query: { path: string }, options: Options = {}) =>
  send<Blob>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/artifacts`, { query, ...options });

/** How far a batch is. */
export const getBatch = (projectId: string, batchId: string, options: Options = {}) =>
  send<Batch>("GET", `/ocellus/v1/projects/${projectId}/batches/${batchId}`, { ...options });

/** The batches of a project, the newest first; they are kept for 30 days. */
export const getBatches = (projectId: string, options: Options = {}) =>
  send<Batch[]>("GET", `/ocellus/v1/projects/${projectId}/batches`, { ...options });

/** How many of each tag an iteration took for each other one. */
export const getConfusions = (projectId: string, iterationId: string, query: { threshold?: number; overlapThreshold?: number } = {}, options: Options = {}) =>
  send<Confusions>("GET", `/ocellus/v1/projects/${projectId}/iterations/${iterationId}/confusions`, { query, ...options });

/** How far a data set is on its way in or out, and what of it could not be carried. */
export const getDataset = (projectId: string, datasetId: string, options: Options = {}) =>
  send<DatasetTask>("GET", `/ocellus/v1/projects/${projectId}/datasets/${datasetId}`, { ...options });

/** Get domain. */
export const getDomain = (domainId: string, options: Options = {}) =>
  send<Domain>("GET", `/customvision/v3.4-preview/training/domains/${domainId}`, { ...options });

/** Get domains. */
export const getDomains = (options: Options = {}) =>
  send<Domain[]>("GET", `/customvision/v3.4-preview/training/domains`, { ...options });

/** Get exports. */
export const getExports = (projectId: string, iterationId: string, options: Options = {}) =>
  send<Export[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/export`, { ...options });

/** Get image count. */
export const getImageCount = (projectId: string, query: { tagIds?: string[]; taggingStatus?: TaggingStatus; iterationId?: string; $filter?: string } = {}, options: Options = {}) =>
  send<number>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/count`, { query, ...options });

/** Where each image lies on a map of the project on which images that look alike lie together. */
export const getImageMap = (projectId: string, options: Options = {}) =>
  send<ImageMap>("GET", `/ocellus/v1/projects/${projectId}/live/map`, { ...options });

/** Get image performance count. */
export const getImagePerformanceCount = (projectId: string, iterationId: string, query: { tagIds?: string[]; truth?: string; said?: string; wrong?: boolean; threshold?: number; overlapThreshold?: number } = {}, options: Options = {}) =>
  send<number>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/performance/images/count`, { query, ...options });

/** Get image performances. */
export const getImagePerformances = (projectId: string, iterationId: string, query: { tagIds?: string[]; orderBy?: OrderBy; take?: number; skip?: number; truth?: string; said?: string; wrong?: boolean; threshold?: number; overlapThreshold?: number } = {}, options: Options = {}) =>
  send<ImagePerformance[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/performance/images`, { query, ...options });

/** Get image region proposals. */
export const getImageRegionProposals = (projectId: string, imageId: string, options: Options = {}) =>
  send<ImageRegionProposal>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/${imageId}/regionproposals`, { ...options });

/** Get images. */
export const getImages = (projectId: string, query: { tagIds?: string[]; taggingStatus?: TaggingStatus; orderBy?: OrderBy; take?: number; skip?: number; iterationId?: string; $filter?: string } = {}, options: Options = {}) =>
  send<Image[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images`, { query, ...options });

/** Get images by ids. */
export const getImagesByIds = (projectId: string, query: { imageIds?: string[]; iterationId?: string } = {}, options: Options = {}) =>
  send<Image[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/id`, { query, ...options });

/** Get iteration. */
export const getIteration = (projectId: string, iterationId: string, options: Options = {}) =>
  send<Iteration>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}`, { ...options });

/** Get iteration performance. */
export const getIterationPerformance = (projectId: string, iterationId: string, query: { threshold?: number; overlapThreshold?: number } = {}, options: Options = {}) =>
  send<IterationPerformance>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/performance`, { query, ...options });

/** Get iterations. */
export const getIterations = (projectId: string, options: Options = {}) =>
  send<Iteration[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/iterations`, { ...options });

/** Labels that the other labels speak against, the most doubtful first. */
export const getLabelDoubts = (projectId: string, query: { take?: number } = {}, options: Options = {}) =>
  send<LiveDoubt[]>("GET", `/ocellus/v1/projects/${projectId}/live/doubts`, { query, ...options });

/** Who is calling, in which roles, within which limits, and where pictures lie. */
export const getMe = (options: Options = {}) =>
  send<Me>("GET", `/ocellus/v1/me`, { ...options });

/** Groups of images that look the same and were uploaded about one after the other. */
export const getNearDuplicates = (projectId: string, query: { take?: number } = {}, options: Options = {}) =>
  send<NearDuplicates>("GET", `/ocellus/v1/projects/${projectId}/live/duplicates`, { query, ...options });

/** How iterations did before the project moved here. */
export const getPastPerformances = (projectId: string, options: Options = {}) =>
  send<PastPerformance[]>("GET", `/ocellus/v1/projects/${projectId}/pastperformances`, { ...options });

/** Precision and recall of an iteration at every hundredth of the threshold, of each tag and over all. */
export const getPerformanceCurves = (projectId: string, iterationId: string, query: { overlapThreshold?: number } = {}, options: Options = {}) =>
  send<PerformanceCurves>("GET", `/ocellus/v1/projects/${projectId}/iterations/${iterationId}/curves`, { query, ...options });

/** Get project. */
export const getProject = (projectId: string, options: Options = {}) =>
  send<Project>("GET", `/customvision/v3.4-preview/training/projects/${projectId}`, { ...options });

/** Get projects. */
export const getProjects = (options: Options = {}) =>
  send<Project[]>("GET", `/customvision/v3.4-preview/training/projects`, { ...options });

/** The published names of a project: what answers under each since when, by whom, and what did before. */
export const getPublishedNames = (projectId: string, options: Options = {}) =>
  send<PublishedName[]>("GET", `/ocellus/v1/projects/${projectId}/publishednames`, { ...options });

/** The images that look most like one. */
export const getSimilarImages = (projectId: string, imageId: string, query: { take?: number } = {}, options: Options = {}) =>
  send<SimilarImage[]>("GET", `/ocellus/v1/projects/${projectId}/images/${imageId}/similar`, { query, ...options });

/** Get tag. */
export const getTag = (projectId: string, tagId: string, query: { iterationId?: string } = {}, options: Options = {}) =>
  send<Tag>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/tags/${tagId}`, { query, ...options });

/** Get tagged image count. */
export const getTaggedImageCount = (projectId: string, query: { tagIds?: string[]; iterationId?: string } = {}, options: Options = {}) =>
  send<number>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/tagged/count`, { query, ...options });

/** Get tagged images. */
export const getTaggedImages = (projectId: string, query: { tagIds?: string[]; orderBy?: OrderBy; take?: number; skip?: number; iterationId?: string } = {}, options: Options = {}) =>
  send<Image[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/tagged`, { query, ...options });

/** Get tags. */
export const getTags = (projectId: string, query: { iterationId?: string } = {}, options: Options = {}) =>
  send<Tag[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/tags`, { query, ...options });

/** How far a task is. */
export const getTask = (projectId: string, taskId: string, options: Options = {}) =>
  send<WorkspaceTask>("GET", `/ocellus/v1/projects/${projectId}/tasks/${taskId}`, { ...options });

/** Get untagged image count. */
export const getUntaggedImageCount = (projectId: string, query: { iterationId?: string } = {}, options: Options = {}) =>
  send<number>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/untagged/count`, { query, ...options });

/** Get untagged images. */
export const getUntaggedImages = (projectId: string, query: { orderBy?: OrderBy; take?: number; skip?: number; iterationId?: string } = {}, options: Options = {}) =>
  send<Image[]>("GET", `/customvision/v3.4-preview/training/projects/${projectId}/images/untagged`, { query, ...options });

/** Bring the pictures of a zip in, with tags or boxes, file names and parts; get_dataset tells how far it is. */
export const importDataset = (projectId: string, datasetId: string, query: { pieces?: number; format?: string; background?: boolean; untagged?: boolean } = {}, body: Blob | FormData, options: Options = {}) =>
  send<DatasetTask>("POST", `/ocellus/v1/projects/${projectId}/datasets/${datasetId}/import`, { query, body, ...options });

/** Make an iteration of a package with an ONNX model, such as Custom Vision exports it. */
export const importIteration = (projectId: string, query: { name?: string; order?: Order; range?: Range; mean?: string; std?: string; size?: number; fit?: Fit; scores?: Scoring; anchors?: string; overlap?: number } = {}, body: Blob | FormData, options: Options = {}) =>
  send<Iteration>("POST", `/ocellus/v1/projects/${projectId}/iterations/import`, { query, body, ...options });

/** Import project. */
export const importProject = (query: { token: string; name?: string }, options: Options = {}) =>
  send<Project>("POST", `/customvision/v3.4-preview/training/projects/import`, { query, ...options });

/** Have an imported model predict the project's newest labelled images, to tell how well it does. */
export const judgeIteration = (projectId: string, iterationId: string, options: Options = {}) =>
  send<Iteration>("POST", `/ocellus/v1/projects/${projectId}/iterations/${iterationId}/judge`, { ...options });

/** Publish iteration. */
export const publishIteration = (projectId: string, iterationId: string, query: { publishName: string; predictionId: string; overwrite?: boolean }, options: Options = {}) =>
  send<boolean>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/publish`, { query, ...options });

/** Send a piece of a zip that is too large for one call, from 1 on; import_dataset puts them together. */
export const putDatasetPiece = (projectId: string, datasetId: string, number: string, body: Blob | FormData, options: Options = {}) =>
  send<void>("PUT", `/ocellus/v1/projects/${projectId}/datasets/${datasetId}/pieces/${number}`, { body, ...options });

/** Tell how an iteration did before the project moved here. */
export const putPastPerformance = (projectId: string, iterationId: string, body: PastPerformance, options: Options = {}) =>
  send<PastPerformance>("PUT", `/ocellus/v1/projects/${projectId}/pastperformances/${iterationId}`, { body, ...options });

/** What a model of all labels of this moment suggests for images without a tag, or asks people about. */
export const queryLive = (projectId: string, body: LiveQuery, options: Options = {}) =>
  send<LiveSuggestions>("POST", `/ocellus/v1/projects/${projectId}/live`, { body, ...options });

/** Guess the tags of boxes by how boxes look that were drawn before; or, where none are given, boxes with tags. */
export const queryLiveBoxes = (projectId: string, imageId: string, body: LiveBoxQuery, options: Options = {}) =>
  send<LiveBoxes>("POST", `/ocellus/v1/projects/${projectId}/images/${imageId}/live`, { body, ...options });

/** Query predictions. */
export const queryPredictions = (projectId: string, body: PredictionQueryToken, options: Options = {}) =>
  send<PredictionQueryResult>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/predictions/query`, { body, ...options });

/** Query suggested image count. */
export const querySuggestedImageCount = (projectId: string, query: { iterationId: string }, body: TagFilter, options: Options = {}) =>
  send<Record<string, number>>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/suggested/count`, { query, body, ...options });

/** Query suggested images. */
export const querySuggestedImages = (projectId: string, query: { iterationId: string }, body: SuggestedTagAndRegionQueryToken, options: Options = {}) =>
  send<SuggestedTagAndRegionQuery>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/suggested`, { query, body, ...options });

/** Quick test image. */
export const quickTestImage = (projectId: string, query: { iterationId?: string; store?: boolean; application?: string } = {}, body: Blob | FormData, options: Options = {}) =>
  send<ImagePrediction>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/quicktest/image`, { query, body, ...options });

/** Quick test image url. */
export const quickTestImageUrl = (projectId: string, query: { iterationId?: string; store?: boolean; application?: string } = {}, body: ImageUrl, options: Options = {}) =>
  send<ImagePrediction>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/quicktest/url`, { query, body, ...options });

/** Bring images back that were deleted by their ids in the last ten minutes. */
export const restoreImages = (projectId: string, body: ImageRestoreBatch, options: Options = {}) =>
  send<ImageRestoreSummary>("POST", `/ocellus/v1/projects/${projectId}/images/restore`, { body, ...options });

/** Put tags on, and take tags off, all images of a selection or of a filter; get_task tells how far it is. */
export const retagImages = (projectId: string, body: RetagRequest, options: Options = {}) =>
  send<WorkspaceTask>("POST", `/ocellus/v1/projects/${projectId}/images/retag`, { body, ...options });

/** Store what cameras showed a published name and it was unsure of, so that people label it; `perDay` 0 ends it. */
export const setCameraFeedback = (projectId: string, publishedName: string, body: CameraFeedback, options: Options = {}) =>
  send<PublishedName>("PUT", `/ocellus/v1/projects/${projectId}/publishednames/${publishedName}/camerafeedback`, { body, ...options });

/** Have a published name predict many blobs of Blob Storage; get_batch tells how far it is. */
export const startBatch = (projectId: string, body: BatchRequest, options: Options = {}) =>
  send<Batch>("POST", `/ocellus/v1/projects/${projectId}/batches`, { body, ...options });

/** End a data set on its way in or out; what came in stays. */
export const stopDataset = (projectId: string, datasetId: string, options: Options = {}) =>
  send<DatasetTask>("POST", `/ocellus/v1/projects/${projectId}/datasets/${datasetId}/stop`, { ...options });

/** Suggest tags and regions. */
export const suggestTagsAndRegions = (projectId: string, query: { iterationId: string; imageIds?: string[] }, options: Options = {}) =>
  send<SuggestedTagAndRegion[]>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/tagsandregions/suggestions`, { query, ...options });

/** Train a detector quickly by the few images that have boxes, so that boxes of the next ones are suggested. */
export const trainDraft = (projectId: string, options: Options = {}) =>
  send<Iteration>("POST", `/ocellus/v1/projects/${projectId}/iterations/draft`, { ...options });

/** Train project. */
export const trainProject = (projectId: string, query: { trainingType?: TrainingType; reservedBudgetInHours?: number; forceTrain?: boolean; notificationEmailAddress?: string } = {}, body: TrainingParameters, options: Options = {}) =>
  send<Iteration>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/train`, { query, body, ...options });

/** Take back what a task has changed, while it is under way or afterwards. */
export const undoTask = (projectId: string, taskId: string, options: Options = {}) =>
  send<WorkspaceTask>("POST", `/ocellus/v1/projects/${projectId}/tasks/${taskId}/undo`, { ...options });

/** Unpublish iteration. */
export const unpublishIteration = (projectId: string, iterationId: string, options: Options = {}) =>
  send<void>("DELETE", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}/publish`, { ...options });

/** Update image metadata. */
export const updateImageMetadata = (projectId: string, query: { imageIds?: string[] } = {}, body: Record<string, string | null>, options: Options = {}) =>
  send<ImageMetadataUpdateSummary>("POST", `/customvision/v3.4-preview/training/projects/${projectId}/images/metadata`, { query, body, ...options });

/** Update iteration. */
export const updateIteration = (projectId: string, iterationId: string, body: IterationUpdate, options: Options = {}) =>
  send<Iteration>("PATCH", `/customvision/v3.4-preview/training/projects/${projectId}/iterations/${iterationId}`, { body, ...options });

/** Update project. */
export const updateProject = (projectId: string, body: ProjectUpdate, options: Options = {}) =>
  send<Project>("PATCH", `/customvision/v3.4-preview/training/projects/${projectId}`, { body, ...options });

/** Have a published detector look at tiles of each picture, too, so many by so many: it finds smaller objects, and. */
export const updatePublishedName = (projectId: string, publishedName: string, query: { tiles: number }, options: Options = {}) =>
  send<PublishedName>("PATCH", `/ocellus/v1/projects/${projectId}/publishednames/${publishedName}`, { query, ...options });

/** Update tag. */
export const updateTag = (projectId: string, tagId: string, body: TagUpdate, options: Options = {}) =>
  send<Tag>("PATCH", `/customvision/v3.4-preview/training/projects/${projectId}/tags/${tagId}`, { body, ...options });
