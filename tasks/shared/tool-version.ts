/** The version people see in reports and the log. */
import manifest from "../../package.json" with { type: "json" };

export const toolVersion = manifest.version;
