// What a camera's program runs to send a picture, filled in for a project, a published name and a storage account.

export interface CameraTarget {
  projectId: string;
  publishName: string;
  camera: string;
  /** The origin of the storage account's blobs. */
  origin: string;
}

const FILE = "photo.jpg";

export const isLocal = ({ origin }: CameraTarget) => /\/\/(127\.|localhost|\[::1\]|10\.|192\.168\.)/.test(origin);
export const folderOf = ({ projectId, publishName, camera }: CameraTarget) => `${projectId}/${publishName}/${camera}`;

/** Of `https://account.blob.core.windows.net`, the account. */
export const accountOf = (origin: string) => origin.replace(/^https?:\/\//, "").split(".")[0] ?? "";

const CONNECTED = `import os
from azure.storage.blob import ContainerClient
`;
const IDENTIFIED = `from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient
`;

const container = (target: CameraTarget, name: string) =>
  isLocal(target)
    ? `${CONNECTED}\n${name} = ContainerClient.from_connection_string(os.environ["STORAGE_CONNECTION_STRING"], "${name}")`
    : `${IDENTIFIED}\n${name} = ContainerClient("${target.origin}", "${name}", DefaultAzureCredential())`;

export const python = (target: CameraTarget) => `${container(target, "uploads")}
with open("${FILE}", "rb") as picture:
    uploads.upload_blob(
        "${folderOf(target)}/0001.jpg", picture, overwrite=True
    )`;

export function shell(target: CameraTarget): string {
  const [before, storage] = isLocal(target)
    ? [". .local/ocellus.env\n", '--connection-string "$STORAGE_CONNECTION_STRING"']
    : ["", `--auth-mode login --account-name ${accountOf(target.origin)}`];
  const parts = [`az storage blob upload ${storage}`, "--container-name uploads", `--name ${folderOf(target)}/0001.jpg`, `--file ${FILE} --overwrite`];
  return before + parts.join(" \\\n    ");
}

/** How what was said of them is read. */
export const results = (target: CameraTarget) => `${container(target, "results")}
for blob in results.list_blobs(name_starts_with="${target.projectId}/"):
    if blob.name.endswith(".json"):
        print(results.download_blob(blob.name).readall().decode())`;
