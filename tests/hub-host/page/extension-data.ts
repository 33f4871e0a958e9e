/** The extension's documents, kept by the service. */
import type { HostFacts } from "./facts.ts";
import { logged } from "./log.ts";
import { askService, type ServiceCall } from "./service.ts";

interface Options {
  readonly scopeType?: string;
  readonly defaultValue?: unknown;
}

type Document = Readonly<Record<string, unknown>>;

export function extensionDataService(facts: HostFacts): object {
  return logged("data", {
    getExtensionDataManager: async (extensionId: string, token: string) => manager(facts, { extensionId, token }),
  });
}

const values = "$settings";

function manager(
  facts: HostFacts,
  { extensionId, token }: { readonly extensionId: string; readonly token: string },
): object {
  const [publisher = "", extension = ""] = extensionId.split(".");
  const { origin, pathname } = new URL(facts.organizationUrl);
  const base = `${origin}/extmgmt${pathname}/_apis/ExtensionManagement/InstalledExtensions/${publisher}/${extension}/Data/Scopes`;
  const addressOf = (collection: string, options: Options | undefined): string => {
    const scope = options?.scopeType === "User" ? "User/Me" : "Default/Current";
    return `${base}/${scope}/Collections/${encodeURIComponent(collection)}/Documents`;
  };
  const ask = (url: string, call: ServiceCall = {}): Promise<Document> => askService(url, { ...call, token });
  const one = (collection: string, id: string, options?: Options): string =>
    `${addressOf(collection, options)}/${encodeURIComponent(id)}`;
  const write =
    (method: string) =>
    (collection: string, document: Document, options?: Options): Promise<Document> =>
      ask(addressOf(collection, options), { method, body: document });
  const list = async (collection: string, options?: Options): Promise<unknown> =>
    (await ask(addressOf(collection, options))).value;
  return logged("dataManager", {
    getDocument: (collection: string, id: string, options?: Options) => ask(one(collection, id, options)),
    getDocuments: list,
    createDocument: write("POST"),
    setDocument: write("PUT"),
    updateDocument: write("PATCH"),
    deleteDocument: async (collection: string, id: string, options?: Options) => {
      await ask(one(collection, id, options), { method: "DELETE" });
    },
    getValue: async (key: string, options?: Options) => {
      try {
        return (await ask(one(values, key, options))).value;
      } catch (error) {
        if ((error as { readonly status?: number }).status === 404) return options?.defaultValue;
        throw error;
      }
    },
    setValue: async (key: string, value: unknown, options?: Options) =>
      (await write("PUT")(values, { id: key, value, __etag: -1 }, options)).value,
    queryCollectionsByName: async (names: readonly string[]) =>
      Promise.all(names.map(async (name) => ({ collectionName: name, documents: await list(name) }))),
  });
}
