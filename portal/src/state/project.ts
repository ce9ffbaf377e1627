// The project that is open, its tags with their counts, its iterations, its domain.

import { batch, computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Domain, Image, Iteration, Project, Tag } from "../api/client";
import { whenGone } from "../api/send";
import { tagIds } from "../model/changes";
import { fail } from "./notices";

export interface Counts {
  All: number;
  Tagged: number;
  Untagged: number;
}

export const project = signal<Project | null>(null);
/** In the order of their creation, which stays: so digits and colours keep their tags. */
export const tags = signal<readonly Tag[]>([]);
export const iterations = signal<readonly Iteration[]>([]);
export const domains = signal<readonly Domain[]>([]);
export const counts = signal<Counts | null>(null);

/** The id of a project that was deleted, here or elsewhere, or that never was. */
export const gone = signal("");
whenGone((id) => (gone.value = id));

export const domain = computed(() => domains.value.find(({ id }) => id === project.value?.settings.domainId));
export const isDetector = computed(() => domain.value?.type === "ObjectDetection");
export const isMulticlass = computed(() => !isDetector.value && project.value?.settings.classificationType === "Multiclass");
export const negative = computed(() => tags.value.find(({ type }) => type === "Negative"));
/** Those that digits give, in the order in which they are shown. */
export const regular = computed(() => tags.value.filter(({ type }) => type !== "Negative"));

const byId = computed(() => new Map(tags.value.map((tag) => [tag.id, tag])));

export const tagOf = (id: string) => byId.value.get(id);
export const tagName = (id: string) => byId.value.get(id)?.name ?? "";

const REFRESH_SECONDS = 10;
let settled = () => true;

/** Counts are read again only while nothing is on its way. */
export function refreshWhile(isSettled: () => boolean): void {
  settled = isSettled;
  setInterval(() => void (project.value && !document.hidden && settled() && refresh().catch(() => {})), REFRESH_SECONDS * 1000);
}

/** By their ids: those that are being deleted, and those that were. */
const leaving = new Set<string>();

/** One that is being deleted stays as it was: a training that is cancelled fails just before it is gone. */
export function showIterations(read: readonly Iteration[]): void {
  iterations.value = [...read.filter(({ id }) => !leaving.has(id)), ...iterations.value.filter(({ id }) => leaving.has(id))];
}

export async function removeIteration({ id, projectId }: Iteration): Promise<void> {
  leaving.add(id);
  try {
    await client.deleteIteration(projectId, id);
  } catch (refused) {
    leaving.delete(id);
    throw refused;
  }
  iterations.value = iterations.value.filter((each) => each.id !== id);
}

let opening: { id: string; ended: Promise<void> } | null = null;

/** With all that keys need, so that none is pressed in vain. Who asks for it once more meanwhile waits for the same. */
export async function open(id: string): Promise<void> {
  if (opening?.id === id) return opening.ended;
  opening = null;
  if (project.value?.id === id) return;
  close();
  opening = { id, ended: fetched(id) };
  return opening.ended;
}

async function fetched(id: string): Promise<void> {
  try {
    const [found, known, contents] = await Promise.all([client.getProject(id), domains.value.length ? domains.value : client.getDomains(), read(id)]);
    if (opening?.id !== id) return;
    batch(() => {
      domains.value = known;
      show(contents);
      project.value = found;
    });
  } finally {
    if (opening?.id === id) opening = null;
  }
}

export function close(): void {
  project.value = null;
  tags.value = [];
  iterations.value = [];
  counts.value = null;
}

export async function refresh(): Promise<void> {
  const id = project.value?.id;
  if (!id) return;
  const contents = await read(id);
  if (project.value?.id === id) show(contents);
}

const read = (id: string) => Promise.all([client.getTags(id), client.getIterations(id), client.getImageCount(id), client.getImageCount(id, { taggingStatus: "Tagged" })]);

function show([listed, trained, all, tagged]: Awaited<ReturnType<typeof read>>): void {
  showIterations(trained);
  // What is on its way is counted here already; the first time there is nothing to keep.
  if (counts.value && !settled()) return;
  tags.value = listed;
  counts.value = { All: all, Tagged: tagged, Untagged: all - tagged };
}

/** Count an image as it is after a change; undefined where there is none. */
export function recount(before: Image | undefined, after: Image | undefined): void {
  const [had, has] = [before ? tagIds(before) : [], after ? tagIds(after) : []];
  const delta = (id: string) => Number(has.includes(id)) - Number(had.includes(id));
  if (had.join() !== has.join()) tags.value = tags.value.map((tag) => (delta(tag.id) ? { ...tag, imageCount: tag.imageCount + delta(tag.id) } : tag));
  if (!counts.value) return;
  const all = Number(!!after) - Number(!!before);
  const tagged = Number(has.length > 0) - Number(had.length > 0);
  if (all || tagged) counts.value = { All: counts.value.All + all, Tagged: counts.value.Tagged + tagged, Untagged: counts.value.Untagged + all - tagged };
}

const adding = new Map<string, Promise<Tag | undefined>>();

/** A new tag, or the one that has this name already; made after others where their order matters. */
export async function addTag(typed: string, type: "Regular" | "Negative" = "Regular", after?: Promise<unknown>): Promise<Tag | undefined> {
  const name = typed.trim();
  const found = tags.value.find((tag) => tag.name.toLowerCase() === name.toLowerCase());
  if (found || !project.value || !name) return found;
  const { id } = project.value;
  const key = `${id} ${name}`;
  const make = async () => (await after, create(id, name, type).finally(() => adding.delete(key)));
  if (!adding.has(key)) adding.set(key, make());
  return adding.get(key);
}

async function create(id: string, name: string, type: string): Promise<Tag | undefined> {
  try {
    const tag = await client.createTag(id, { name, type });
    if (project.value?.id === id) tags.value = [...tags.value, tag];
    return tag;
  } catch (fault) {
    fail(fault, `The tag ${name}`);
    return undefined;
  }
}

export async function renameTag(tag: Tag, name: string): Promise<void> {
  const change = (changed: string) => {
    tags.value = tags.value.map((each) => (each.id === tag.id ? { ...each, name: changed } : each));
  };
  if (!project.value || !name.trim() || name === tag.name) return;
  change(name.trim());
  await client.updateTag(project.value.id, tag.id, { name: name.trim() }).catch((fault) => {
    change(tag.name);
    fail(fault, `The tag ${tag.name}`);
  });
}

export async function removeTag(tag: Tag): Promise<void> {
  if (!project.value) return;
  await client.deleteTag(project.value.id, tag.id).catch((fault) => fail(fault, `The tag ${tag.name}`));
  tags.value = tags.value.filter(({ id }) => id !== tag.id);
  await refresh().catch(() => {});
}
