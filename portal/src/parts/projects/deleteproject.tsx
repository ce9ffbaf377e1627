// Deleting a project takes its name, typed: it can't be taken back.

import { useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Project } from "../../api/client";
import { Form } from "../form";

interface Props {
  project: Project;
  onClose: () => void;
  onDeleted?: () => void;
}

export function DeleteProject({ project, onClose, onDeleted = onClose }: Props) {
  const [typed, setTyped] = useState("");
  const remove = async () => {
    await client.deleteProject(project.id);
    onDeleted();
  };
  return (
    <Form title={`Delete ${project.name}?`} doing="Delete it" ready={typed === project.name} run={remove} onClose={onClose}>
      <p>All its images, tags and iterations go, and this can't be undone.</p>
      <label>
        Type its name: {project.name}
        <input autofocus value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
    </Form>
  );
}
