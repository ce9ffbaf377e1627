// What can be done with the iteration that is shown.

import { useState } from "preact/hooks";
import type { Iteration } from "../../api/client";
import { hint } from "../../model/keys";
import { makeDefault } from "../../state/iterating";
import { fail } from "../../state/notices";
import { go, pathOf } from "../../state/route";
import { DEPLOYERS, lacks, TRAINERS } from "../../state/session";
import { Icon } from "../icon";
import { permitted, useKeys } from "../keyboard";
import { Menu } from "../menu";
import { Address } from "./address";
import { Delete, Rename } from "./change";
import { Exporting } from "./exporting";
import { Publish, Unpublish } from "./publish";

export type Doing = "publish" | "unpublish" | "export" | "rename" | "delete" | { address: string } | null;

interface Props {
  iteration: Iteration;
  doing: Doing;
  setDoing: (doing: Doing) => void;
}

export function Actions({ iteration, doing, setDoing }: Props) {
  const { publishName: name } = iteration;
  const [deployer, trainer] = [lacks(DEPLOYERS), lacks(TRAINERS)];
  useKeys("everywhere", { publish: () => (name ? setDoing({ address: name }) : permitted(DEPLOYERS, setDoing)("publish")) });
  const becomeDefault = () => void makeDefault(iteration).catch((fault) => fail(fault, iteration.name));
  return (
    <>
      <div class="actions" role="toolbar" aria-label="Iteration">
        {name ? (
          <button class="primary" title={hint("publish")} onClick={() => setDoing({ address: name })}>
            Prediction URL
          </button>
        ) : (
          <button class="primary" disabled={!!deployer} title={deployer || hint("publish")} onClick={() => setDoing("publish")}>
            Publish
          </button>
        )}
        <button onClick={() => setDoing("export")}>Export</button>
        <Menu label={`More of ${iteration.name}`} text={<Icon name="more" />}>
          {name && (
            <button role="menuitem" disabled={!!deployer} title={deployer} onClick={() => setDoing("unpublish")}>
              Unpublish …
            </button>
          )}
          <button role="menuitem" disabled={!!trainer} title={trainer} onClick={() => setDoing("rename")}>
            Rename …
          </button>
          <button role="menuitem" disabled={!!trainer || !!iteration.isDefault} title={trainer || "The one that programs of version 2 of the API ask, which have no names"} onClick={becomeDefault}>
            Make default
          </button>
          <button role="menuitem" disabled={!!trainer || !!name} title={trainer || (name ? "Unpublish it before you delete it" : "")} onClick={() => setDoing("delete")}>
            Delete …
          </button>
        </Menu>
      </div>
      <Dialogs iteration={iteration} doing={doing} setDoing={setDoing} />
    </>
  );
}

function Dialogs({ iteration, doing, setDoing }: Props) {
  const close = () => setDoing(null);
  if (doing === "publish") return <Publish iteration={iteration} onPublished={(address) => setDoing({ address })} onClose={close} />;
  if (doing === "unpublish") return <Unpublish iteration={iteration} onClose={close} />;
  if (doing === "export") return <Exporting iteration={iteration} onClose={close} />;
  if (doing === "rename") return <Rename iteration={iteration} onClose={close} />;
  if (doing === "delete") return <Delete iteration={iteration} onDeleted={() => (close(), go(pathOf(iteration.projectId, "performance"), true))} onClose={close} />;
  return doing ? <Address name={doing.address} onClose={close} /> : null;
}

export const useDoing = () => useState<Doing>(null);
