// In place of a project that was deleted, here or elsewhere, while somebody looked at it or followed a link to it.

import { useEffect, useRef, useState } from "preact/hooks";
import { forgetLost } from "../../state/outbox";
import { close, project } from "../../state/project";
import { BASE } from "../../state/route";

export function Gone() {
  const [name] = useState(project.value?.name);
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    close();
    link.current?.focus();
    return forgetLost;
  }, []);
  return (
    <div class="state" role="alert">
      <h2>{name ? `${name} was deleted` : "There is no such project"}</h2>
      <p class="faint">{name ? "Somebody deleted it elsewhere, with its images, tags and iterations." : "It was deleted, or the address is wrong."}</p>
      <a ref={link} class="button primary" href={BASE}>
        All projects
      </a>
    </div>
  );
}
