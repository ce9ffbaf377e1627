// A screen that is fetched when somebody goes there.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Fault, Waiting } from "./states";

/** `later(() => import("./screens/train"), "Train")`; until it is there, something else stands in its place. */
export function later<Name extends string>(fetching: () => Promise<Record<Name, ComponentType>>, name: Name, Meanwhile: ComponentType = () => <Waiting />): ComponentType {
  let found: ComponentType | null = null;
  return function Later() {
    const [Screen, setScreen] = useState<ComponentType | null>(() => found);
    const [fault, setFault] = useState<unknown>(null);
    const fetch = () => fetching().then((module) => setScreen(() => (found = module[name])), setFault);
    useEffect(() => void (found ?? fetch()), []);
    if (fault) return <Fault fault={fault} again={() => location.reload()} />;
    return Screen ? <Screen /> : <Meanwhile />;
  };
}
