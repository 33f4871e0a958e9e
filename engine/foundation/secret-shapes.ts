/**
 * What looks like a key, a token or a password, wherever people have put it: such text is never shown. A secret in its
 * own input is known and masked as what it is; these are for those in the wrong place, which nobody has told us of.
 */
const shapes: readonly RegExp[] = [
  // Our keys (docs/format.md): age identities, agent and owner keys; also cut off.
  /AGE-(?:SECRET-KEY|PLUGIN)-[^\s"'`,;&<>]{5,}/gi,
  /\bpb[ao]k1[^\s"'`,;&<>]{4,}/gi,
  // The signature of a SAS, plain or percent-encoded; without it the rest opens nothing.
  /(?<=(?:\b|%26|%3f)sig(?:=|%3d))[^&\s"'`<>]+/gi,
  // User name and password in an address.
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^/\s"'`<>@?#]*(?=@)/gi,
  // Personal access tokens of Azure DevOps: 52 letters and digits of base32, or 84 characters that name themselves.
  /\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b/gi,
  /\b[a-z2-7]{52}\b/gi,
  // JSON web tokens, and what follows the name of a way to sign in.
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
  /(?<=\b(?:Bearer|Basic) )[\w.~+/=-]{12,}/gi,
  // Keys of a storage account, and of connection strings.
  /(?<![\w+/])[A-Za-z0-9+/]{86}==/g,
  /(?<=\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)=)[^;\s"']+/gi,
];

export const maskedText = "***";

/** The text with what looks like a secret replaced; everything else stays as it is. */
export function withoutSecrets(text: string): string {
  return shapes.reduce((masked, shape) => masked.replace(shape, maskedText), text);
}

/** What of the text looks like a secret, each once. */
export function secretsIn(text: string): readonly string[] {
  return [...new Set(shapes.flatMap((shape) => text.match(shape) ?? []).filter((found) => found !== ""))];
}
