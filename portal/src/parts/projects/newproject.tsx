// A new project, in plain words; or one from another installation, by its token.

import { useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Domain } from "../../api/client";
import { purpose } from "../../model/exporting";
import { counted } from "../../model/labelling";
import { domains } from "../../state/project";
import { go, pathOf } from "../../state/route";
import { held } from "../../state/uploads";
import { Form } from "../form";

type Kind = "Multiclass" | "Multilabel" | "Detector";

const KINDS: [Kind, string, string][] = [
  ["Multiclass", "What is it?", "One tag an image: an apple or a pear."],
  ["Multilabel", "What is in it?", "Many tags an image: a beach, at night, with people."],
  ["Detector", "Where is it?", "Boxes around each thing, and what it is."],
];

export function NewProject({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("Multiclass");
  const [domainId, setDomainId] = useState("");
  const fitting = domains.value.filter((domain) => fits(domain, kind));
  const domain = fitting.find(({ id }) => id === domainId) ?? fitting[0];
  const make = async () => {
    const classificationType = kind === "Detector" ? {} : { classificationType: kind };
    const project = await client.createProject({ name: name.trim(), ...(domain ? { domainId: domain.id } : {}), ...classificationType }, {});
    go(pathOf(project.id, "images"));
  };
  return (
    <Form title="New project" doing="Create" ready={!!name.trim()} run={make} onClose={onClose}>
      {held.value.length > 0 && <p class="faint">It gets what you dropped, {counted(held.value.length, "file")}, as its next step.</p>}
      <label>
        Name
        <input autofocus required maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <fieldset class="kinds">
        <legend>What shall it tell?</legend>
        {KINDS.map(([value, title, text]) => (
          <label key={value}>
            <input type="radio" name="kind" checked={kind === value} onChange={() => setKind(value)} />
            <span>
              <b>{title}</b>
              <small>{text}</small>
            </span>
          </label>
        ))}
      </fieldset>
      <label>
        Domain
        <select value={domain?.id} onChange={(event) => setDomainId(event.currentTarget.value)}>
          {fitting.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <small>{purpose(domain)}</small>
      </label>
    </Form>
  );
}

/** The general ones come first. */
const fits = (domain: Domain, kind: Kind) => domain.enabled && (domain.type === "ObjectDetection") === (kind === "Detector");

export function ImportProject({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const bring = async () => {
    await client.importProject({ token: token.trim(), ...(name.trim() ? { name: name.trim() } : {}) });
    onClose();
  };
  return (
    <Form title="Import a project" doing="Import" ready={!!token.trim()} run={bring} onClose={onClose}>
      <label>
        Token
        <textarea autofocus required rows={4} value={token} onInput={(event) => setToken(event.currentTarget.value)} />
      </label>
      <p class="faint">Where the project is, its settings have an export token.</p>
      <label>
        Name <small>if it shall have another</small>
        <input maxLength={128} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
    </Form>
  );
}
