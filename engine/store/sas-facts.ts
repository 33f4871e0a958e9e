/** What a SAS says about itself, for explaining a refusal. Its signature is never looked at. */
export interface SasFacts {
  readonly startsAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  /** Letters; undefined when a stored access policy holds them. */
  readonly permissions: string | undefined;
  /** `c` container, `b` blob …; undefined for an account SAS. */
  readonly resource: string | undefined;
  /** Resource types of an account SAS (`s`, `c`, `o`). */
  readonly accountTypes: string | undefined;
  readonly addresses: string | undefined;
  readonly policy: string | undefined;
}

export function sasFacts(sas: string): SasFacts {
  const parameters = new URLSearchParams(sas);
  const text = (key: string): string | undefined => parameters.get(key) ?? undefined;
  return {
    startsAt: instant(text("st")),
    expiresAt: instant(text("se")),
    permissions: text("sp"),
    resource: text("sr"),
    accountTypes: text("srt"),
    addresses: text("sip"),
    policy: text("si"),
  };
}

function instant(text: string | undefined): Date | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time);
}
