// What programs need: the endpoint, the project's id, and where the keys lie.

import { project } from "../../state/project";
import { Code, Copied } from "../page/copied";

const LOCAL = ". .local/ocellus.env\necho $VISION_TRAINING_KEY $VISION_PREDICTION_KEY";
const AZURE = "az keyvault secret show --vault-name … --name training-key-1 --query value --output tsv\naz keyvault secret show --vault-name … --name prediction-key-1 --query value --output tsv";

export function Ids() {
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
  return (
    <section class="card" aria-label="For programs">
      <h2>For programs</h2>
      <dl class="ids">
        <div>
          <dt>Endpoint</dt>
          <dd>
            <Copied label="the endpoint" text={location.origin} />
          </dd>
        </div>
        <div>
          <dt>Project id</dt>
          <dd>
            <Copied label="the project's id" text={project.value!.id} />
          </dd>
        </div>
      </dl>
      <p>{isHere ? "The keys lie in ocellus.env in the data folder, .local:" : "The keys are secrets of the installation's Key Vault:"}</p>
      <Code label="Commands that show the keys" text={isHere ? LOCAL : AZURE} />
    </section>
  );
}
