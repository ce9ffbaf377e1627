// Where Entra ID returns to: hands what it brings on to the page that asked.

import { broadcastResponseToMainFrame } from "@azure/msal-browser/redirect-bridge";

broadcastResponseToMainFrame().catch(() => location.replace("/portal/"));
