// What a project has, asked for when its tile comes into sight.

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import * as client from "../../api/client";
import type { Project } from "../../api/client";
import { counted } from "../../model/labelling";
import { Icon } from "../icon";

interface Facts {
  images: number;
  tags: number;
  names: string[];
  thumbnail: string;
}

/** Null until they are known. */
export function useFacts({ id, thumbnailUri }: Project): { facts: Facts | null; tile: RefObject<HTMLLIElement | null> } {
  const tile = useRef<HTMLLIElement>(null);
  const [facts, setFacts] = useState<Facts | null>(null);
  useEffect(() => {
    const observer = new IntersectionObserver((seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      find(id, thumbnailUri).then(setFacts, () => {});
    });
    observer.observe(tile.current!);
    return () => observer.disconnect();
  }, [id]);
  return { facts, tile };
}

async function find(id: string, thumbnailUri: string | null): Promise<Facts> {
  const [images, tags, iterations, newest] = await Promise.all([
    client.getImageCount(id),
    client.getTags(id),
    client.getIterations(id),
    thumbnailUri ? [] : client.getImages(id, { take: 1 }),
  ]);
  const names = iterations.flatMap(({ publishName }) => publishName ?? []);
  return { images, tags: tags.length, names, thumbnail: thumbnailUri ?? newest[0]?.thumbnailUri ?? "" };
}

export const Thumbnail = ({ facts }: { facts: Facts | null }) => (
  <span class="thumb">{facts?.thumbnail ? <img src={facts.thumbnail} alt="" /> : <Icon name="eye" />}</span>
);

export const Counts = ({ facts }: { facts: Facts | null }) => (
  <span class="faint">{facts ? `${counted(facts.images, "image")} · ${counted(facts.tags, "tag")}` : "…"}</span>
);

export const Names = ({ facts }: { facts: Facts | null }) => (
  <>
    {facts?.names.map((name) => (
      <span key={name} class="live">
        {name}
      </span>
    ))}
  </>
);
