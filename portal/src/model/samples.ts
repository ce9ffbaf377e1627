// Where a published name answers, and programs that ask it, filled in.

export interface Published {
  endpoint: string;
  projectId: string;
  name: string;
  detector: boolean;
}

const PORTAL_APP = /^func-training-/;

/** Where predictions are asked for: at the page's own address, or in Azure at the app beside it. */
export function predictionEndpoint(origin: string): string {
  const url = new URL(origin);
  url.hostname = url.hostname.replace(PORTAL_APP, "func-prediction-");
  return url.origin;
}

const asks = (detector: boolean) => (detector ? "detect" : "classify");

/** For a picture in the request's body, or for one at an address. */
export const addressOf = ({ endpoint, projectId, name, detector }: Published, kind: "image" | "url" = "image") =>
  `${endpoint}/customvision/v3.1/Prediction/${projectId}/${asks(detector)}/iterations/${encodeURIComponent(name)}/${kind}`;

export const curl = (published: Published) =>
  [
    `curl "${addressOf(published)}" \\`,
    '  -H "Prediction-Key: $VISION_PREDICTION_KEY" \\',
    '  -H "Content-Type: application/octet-stream" \\',
    "  --data-binary @photo.jpg",
  ].join("\n");

export const python = (published: Published) => `import os
from pathlib import Path
from azure.cognitiveservices.vision.customvision.prediction import CustomVisionPredictionClient
from msrest.authentication import ApiKeyCredentials

key = ApiKeyCredentials(in_headers={"Prediction-key": os.environ["VISION_PREDICTION_KEY"]})
predictor = CustomVisionPredictionClient("${published.endpoint}", key)
picture = Path("photo.jpg").read_bytes()
answer = predictor.${asks(published.detector)}_image("${published.projectId}", ${JSON.stringify(published.name)}, picture)
for prediction in answer.predictions:
    print(f"{prediction.tag_name}: {prediction.probability:.1%}")`;

/** What they answer: the surest first, and of a detector the sides of each box in parts of the picture. */
export function answer({ projectId, detector }: Published, tag: { id: string; name: string } | undefined): string {
  const said = { probability: 0.973, tagId: tag?.id ?? "…", tagName: tag?.name ?? "…", boundingBox: { left: 0.12, top: 0.3, width: 0.41, height: 0.25 } };
  const { boundingBox: _, ...without } = said;
  return JSON.stringify({ id: "…", project: projectId, iteration: "…", created: "…", predictions: [detector ? said : without] }, null, 2);
}
