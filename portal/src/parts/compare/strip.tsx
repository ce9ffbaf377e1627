// The images that one iteration is right about and the other is not.

import { pathOf } from "../../state/route";
import { useOneStop } from "../onestop";

interface Props {
  title: string;
  none: string;
  projectId: string;
  count: number;
  images: readonly { id: string; thumbnailUri: string }[];
}

export function Strip({ title, none, projectId, count, images }: Props) {
  const list = useOneStop("a");
  return (
    <section class="card strip" aria-label={title}>
      <h2>{title}</h2>
      {!count && <p class="faint">{none}</p>}
      {images.length > 0 && (
        <ul ref={list}>
          {images.map(({ id, thumbnailUri }, place) => (
            <li key={id}>
              <a href={pathOf(projectId, "image", id)} aria-label={`Image ${place + 1}`}>
                <img src={thumbnailUri} alt="" loading="lazy" decoding="async" />
              </a>
            </li>
          ))}
        </ul>
      )}
      {images.length < count && <p class="faint">The newest {images.length.toLocaleString()} are shown.</p>}
    </section>
  );
}
