// Sign-in by Entra ID, a chunk of its own: the library is larger than all the rest, and most installations have keys.

import { PublicClientApplication, type AccountInfo, type Configuration } from "@azure/msal-browser";
import type { TokenSource } from "./send";

interface Registration {
  authority: string;
  clientId: string;
  scope: string;
}

let opened: Promise<PublicClientApplication> | null = null;

const open = (given: Registration) => (opened ??= begin(given));

async function begin({ authority, clientId }: Registration): Promise<PublicClientApplication> {
  const configuration: Configuration = {
    auth: {
      clientId,
      authority,
      knownAuthorities: [new URL(authority).host],
      redirectUri: new URL("/portal/auth.html", location.href).href,
    },
    cache: { cacheLocation: "sessionStorage" },
  };
  const application = new PublicClientApplication(configuration);
  await application.initialize();
  return application;
}

/** Leave for the page of Entra ID. */
export async function signIn(given: Registration): Promise<void> {
  await (await open(given)).loginRedirect({ scopes: [given.scope] });
}

/** Who came back from signing in, or was signed in before; null where nobody is. */
export async function resume(given: Registration): Promise<TokenSource | null> {
  const application = await open(given);
  const answer = await application.handleRedirectPromise();
  const account = answer?.account ?? application.getAllAccounts()[0];
  if (!account) return null;
  return { headers: async () => ({ Authorization: `Bearer ${await token(application, account, given.scope)}` }) };
}

async function token(application: PublicClientApplication, account: AccountInfo, scope: string): Promise<string> {
  try {
    return (await application.acquireTokenSilent({ account, scopes: [scope] })).accessToken;
  } catch {
    await application.acquireTokenRedirect({ account, scopes: [scope] });
    throw new Error("Sign in again.");
  }
}

/** Forget the account in this tab; at Entra ID it stays signed in. */
export async function forget(): Promise<void> {
  await (await opened)?.clearCache();
}
