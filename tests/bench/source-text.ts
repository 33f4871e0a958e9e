/** Text that looks like source code: it compresses, is edited and makes deltas as code does. */
import type { Random } from "./random.ts";

const syllables = "ba co de fi gu ha ji ke lo mu na pe qui ro sa te un va wi xe yo zu tra pli".split(" ");

/** Names for variables and files; frequent ones first, as in any code. */
export function vocabularyOf(random: Random, size: number): readonly string[] {
  return Array.from({ length: size }, () =>
    Array.from({ length: 2 + random.below(3) }, () => random.of(syllables)).join(""),
  );
}

export interface SourceFile {
  /** Changes some places, as a commit does. */
  edit(): void;
  content(): Buffer;
}

export function sourceFileOf(random: Random, vocabulary: readonly string[], length: number): SourceFile {
  const lines = linesOf(random, vocabulary, length);
  return {
    edit: () => {
      for (let hunks = 1 + random.below(5); hunks > 0; hunks -= 1) {
        const removed = random.below(14);
        lines.splice(random.below(lines.length + 1), removed, ...linesOf(random, vocabulary, 1 + random.below(14)));
      }
    },
    content: () => Buffer.from(`${lines.join("\n")}\n`),
  };
}

export function sentenceOf(random: Random, vocabulary: readonly string[], words: number): string {
  return Array.from({ length: words }, () => random.of(vocabulary)).join(" ");
}

function linesOf(random: Random, vocabulary: readonly string[], count: number): string[] {
  const word = (): string => vocabulary[Math.floor(vocabulary.length * random.next() ** 3)] ?? "";
  const forms: readonly (() => string)[] = [
    () => `const ${word()} = ${word()}.${word()}(${word()}, ${random.below(1_000_000)});`,
    () => `if (${word()}.${word()} !== ${word()}) return ${word()}(${word()});`,
    () => `// ${sentenceOf(random, vocabulary, 8)}`,
    () => `${word()}.${word()}.push({ ${word()}, ${word()}: "${word()} ${word()}" });`,
    () => `export function ${word()}(${word()}: ${word()}): ${word()} {`,
    () => "}",
  ];
  return Array.from({ length: count }, () => "  ".repeat(random.below(4)) + random.of(forms)());
}
