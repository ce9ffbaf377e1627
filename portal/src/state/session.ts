// Who is signed in: by a key that this tab alone keeps, or by Entra ID.

import { computed, signal } from "@preact/signals";
import * as client from "../api/client";
import type { Me, Role } from "../api/client";
import { callAs, Refused, type TokenSource } from "../api/send";
import { say } from "./notices";

interface Entra {
  authority: string;
  clientId: string;
  scope: string;
}

export interface Config {
  keys: boolean;
  entra: Entra | null;
}

const KEY = "ocellus.key";
const USED = "ocellus.used";
const IDLE_HOURS = 8;
const NOT_VALID =
  "This key is not valid. The training key is what ./run prints under that name, and VISION_TRAINING_KEY in ocellus.env; in Azure it is the secret training-key-1 of the key vault.";

export const config = signal<Config | null>(null);
export const me = signal<Me | null>(null);
/** Why nobody is signed in. */
export const refusal = signal("");
export const starting = signal(true);

const ANY: Role[] = ["Contributor"];
export const TRAINERS: Role[] = [...ANY, "Trainer"];
export const LABELERS: Role[] = [...TRAINERS, "Labeler"];
export const DEPLOYERS: Role[] = [...TRAINERS, "Deployment"];
export const CONTRIBUTORS = ANY;

export const may = (roles: readonly Role[]) => me.value?.roles.some((role) => roles.includes(role)) ?? false;
/** Why something can't be done, for its title; empty where it can. */
export const lacks = (roles: readonly Role[]) => (may(roles) ? "" : `This needs the role ${roles.at(-1)}.`);
export const limits = computed(() => me.value?.limits);

/** Go on as who was signed in before the page was loaded again, or came back from signing in. `ahead` asks for what the page shows, by a key that may be valid no more. */
export async function resume(ahead: () => void): Promise<void> {
  try {
    const key = recent() ? sessionStorage.getItem(KEY) : null;
    const entered = key && signInByKey(key);
    if (key) ahead();
    config.value = await (await fetch("/portal/config.json")).json();
    if (key) await entered;
    else if (config.value?.entra) await resumeByToken(config.value.entra);
  } catch (fault) {
    refusal.value = fault instanceof Error ? fault.message : String(fault);
  } finally {
    starting.value = false;
  }
}

export async function signInByKey(key: string): Promise<void> {
  // A header takes no other letters.
  if (!/^[ -~]+$/.test(key)) return forget(NOT_VALID);
  if (!(await enter({ headers: async () => ({ "Training-Key": key }) }, NOT_VALID))) return;
  sessionStorage.setItem(KEY, key);
  touch();
}

/** Leaves the page, and comes back to it signed in. */
export async function signInByToken(): Promise<void> {
  const { signIn } = await import("../api/entra");
  if (config.value?.entra) await signIn(config.value.entra);
}

export async function signOut(): Promise<void> {
  forget();
  if (config.value?.entra) (await import("../api/entra")).forget();
}

async function resumeByToken(entra: Entra): Promise<void> {
  const { resume } = await import("../api/entra");
  const source = await resume(entra);
  if (source) await enter(source);
}

async function enter(source: TokenSource, denied = ""): Promise<boolean> {
  callAs(source, (refused) => forget(denied || refused.message));
  try {
    me.value = await client.getMe();
    refusal.value = "";
    return true;
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) return false;
    refusal.value = fault instanceof Error ? fault.message : String(fault);
    return false;
  }
}

function forget(why = ""): void {
  sessionStorage.removeItem(KEY);
  callAs(null);
  me.value = null;
  refusal.value = why;
}

function touch(): void {
  sessionStorage.setItem(USED, String(Date.now()));
}

const recent = () => Date.now() - Number(sessionStorage.getItem(USED) ?? 0) < IDLE_HOURS * 3_600_000;

/** A tab that nobody has used for long forgets its key. */
export function watchIdleness(): void {
  for (const kind of ["keydown", "pointerdown"]) addEventListener(kind, () => me.value && touch(), { passive: true });
  setInterval(() => {
    if (!me.value || recent() || !sessionStorage.getItem(KEY)) return;
    forget();
    say("Signed out after 8 hours without use.");
  }, 60_000);
}
