// Sign-in, by a training key or by Entra ID.

import { useState } from "preact/hooks";
import { Icon } from "../parts/icon";
import { config, refusal, signInByKey, signInByToken } from "../state/session";

export function SignIn() {
  return (
    <main class="signin">
      <h1>
        <Icon name="eye" /> Ocellus
      </h1>
      {config.value?.entra && (
        <button class="primary" onClick={() => void signInByToken()}>
          Sign in with Microsoft
        </button>
      )}
      {config.value?.keys !== false && <ByKey />}
      {refusal.value && (
        <p class="refusal" role="alert">
          {refusal.value}
        </p>
      )}
    </main>
  );
}

function ByKey() {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await signInByKey(key.trim());
    setBusy(false);
  };
  return (
    <form onSubmit={enter}>
      <label>
        Training key
        <input type="password" autocomplete="off" autofocus required value={key} onInput={(event) => setKey(event.currentTarget.value)} />
      </label>
      <button class="primary" disabled={busy || !key.trim()}>
        Sign in
      </button>
      <p class="faint">
        <code>./run</code> prints it and keeps it in <code>ocellus.env</code> in the data folder (<code>.local</code>). In Azure:{" "}
        <code>az keyvault secret show --name training-key-1 --vault-name …</code>. It stays in this tab, until you sign out or close it.
      </p>
    </form>
  );
}
