/** One value in a YAML file that people copy: plain where that is safe, else double quoted (JSON is YAML there). */
export function yamlScalar(text: string): string {
  const isPlain = /^[A-Za-z0-9_/.][\w/.@+-]*( [\w/.@+-]+)*$/.test(text) && !isOtherType(text);
  return isPlain ? text : JSON.stringify(text);
}

/** Text that YAML would read as a number, a boolean or nothing. */
function isOtherType(text: string): boolean {
  return /^([-+]?[\d.][\d._]*(e[-+]?\d+)?|0x[\da-f]+|true|false|yes|no|on|off|null|y|n)$/i.test(text);
}

/** Foreign text as the rest of a comment's line. */
export function yamlComment(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ").slice(0, 200);
}
