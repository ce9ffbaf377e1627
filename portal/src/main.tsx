// The page: who is signed in, which screen the address names, and what lies over all of them.

import { render, type ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { later } from "./parts/later";
import { CommandKeys } from "./parts/shell/commands";
import { Header } from "./parts/shell/header";
import { Fault, Waiting } from "./parts/states";
import { Toasts } from "./parts/toast";
import { Uploader } from "./parts/uploads/uploader";
import { useOpened } from "./parts/shell/opened";
import { Images } from "./screens/images";
import { Projects } from "./screens/projects";
import { SignIn } from "./screens/signin";
import * as outbox from "./state/outbox";
import { away } from "./state/outbox";
import { gone, open, project, refreshWhile } from "./state/project";
import { route } from "./state/route";
import * as resuming from "./state/resuming";
import * as training from "./state/training";
import * as uploads from "./state/uploads";
import { me, resume, starting, watchIdleness } from "./state/session";

/** The screens of a project, by the name that the address has; all but the first are fetched `later`. */
const SCREENS: Record<string, ComponentType> = {
  images: Images,
  train: later(() => import("./screens/train"), "Train"),
  performance: later(() => import("./screens/performance"), "Performance"),
  compare: later(() => import("./screens/compare"), "Compare"),
  image: later(() => import("./screens/image"), "OneImage"),
  predictions: later(() => import("./screens/predictions"), "Predictions"),
  cameras: later(() => import("./screens/cameras"), "Cameras"),
  test: later(() => import("./screens/test"), "QuickTest"),
  settings: later(() => import("./screens/settings"), "Settings"),
};

const Gone = later(() => import("./parts/shell/gone"), "Gone");

function Page() {
  if (starting.value) return <Waiting />;
  if (!me.value) return <SignIn />;
  const { projectId } = route.value;
  return (
    <>
      <Header screens={Object.keys(SCREENS)} />
      {away.value && (
        <p class="outage" role="status">
          {away.value} What you label is kept, and sent when it is back.
        </p>
      )}
      <main id="main">{projectId ? <InProject key={projectId} id={projectId} /> : <Projects />}</main>
    </>
  );
}

function InProject({ id }: { id: string }) {
  const fault = useOpened(id);
  const Screen = SCREENS[route.value.screen];
  if (gone.value === id) return <Gone />;
  if (fault) return <Fault fault={fault} />;
  if (project.value?.id !== id) return <Waiting />;
  return Screen ? <Screen /> : <Fault fault={new Error("There is no such page.")} />;
}

const ahead = () => void (route.peek().projectId && open(route.peek().projectId).catch(() => {}));

function App() {
  useEffect(() => {
    void resume(ahead);
    watchIdleness();
    outbox.start();
    resuming.start();
    training.watch();
    uploads.watch();
    refreshWhile(() => !outbox.saving.value);
  }, []);
  return (
    <>
      <Page />
      <Uploader />
      <CommandKeys />
      <Toasts />
    </>
  );
}

render(<App />, document.body);
