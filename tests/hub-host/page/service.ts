/** The host's own calls: to its server for tokens, and to the service. */

/** A token for the extension, with the rights its manifest asks for. */
export async function accessToken(): Promise<string> {
  const answer = await fetch("/_host/access-token", { method: "POST" });
  const { token } = (await answer.json()) as { readonly token: string };
  return token;
}

export interface ServiceCall {
  readonly method?: string;
  readonly body?: unknown;
  /** Default: a fresh one. */
  readonly token?: string;
}

/** JSON in and out. Rejects as the service's clients do, with `status` and `serverError`. */
export async function askService(url: string, call: ServiceCall = {}): Promise<Record<string, unknown>> {
  const { method = "GET", body, token = await accessToken() } = call;
  const answer = await fetch(url, {
    method,
    headers: {
      accept: "application/json;api-version=7.1-preview.1",
      authorization: `Bearer ${token}`,
      "x-tfs-fedauthredirect": "Suppress",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  if (answer.ok) return json;
  const { typeKey, message } = json;
  throw Object.assign(new Error(`${answer.status}: ${String(message)}`), {
    name: String(typeKey),
    status: answer.status,
    serverError: { typeKey, message },
  });
}
