/** What the extension's manifest says about its pages: the host shows them as Azure DevOps would. */
import { readFileSync } from "node:fs";
import { posix } from "node:path";

export interface ExtensionPage {
  /** `hub.html`. */
  readonly file: string;
  /** Name in the menu. */
  readonly title: string;
  readonly contribution: string;
}

export interface ExtensionFacts {
  readonly publisher: string;
  readonly id: string;
  readonly version: string;
  readonly scopes: readonly string[];
  readonly hub: ExtensionPage;
  readonly resultsTab: ExtensionPage;
}

interface Contribution {
  readonly id: string;
  readonly type: string;
  readonly properties: { readonly name?: string; readonly uri?: string };
}

/** Rights the pages need; the manifest may ask for more. */
const neededScopes = ["vso.build_execute", "vso.extension.data_write"];

export function extensionFacts(file: string): ExtensionFacts {
  const manifest = JSON.parse(readFileSync(file, "utf8")) as {
    readonly publisher: string;
    readonly id: string;
    readonly version: string;
    readonly scopes?: readonly string[];
    readonly contributions: readonly Contribution[];
  };
  const { publisher, id, version, contributions, scopes = [] } = manifest;
  const page = (type: string, otherwise: ExtensionPage): ExtensionPage => {
    const found = contributions.find((one) => one.type === type);
    if (found === undefined) return otherwise;
    const { name = otherwise.title, uri = otherwise.file } = found.properties;
    return { file: posix.basename(uri), title: name, contribution: found.id };
  };
  return {
    publisher,
    id,
    version,
    scopes: scopes.length === 0 ? neededScopes : scopes,
    hub: page("ms.vss-web.hub", { file: "hub.html", title: "Backups", contribution: "hub" }),
    resultsTab: page("ms.vss-build-web.build-results-tab", {
      file: "report-tab.html",
      title: "Backup report",
      contribution: "report-tab",
    }),
  };
}
