/** Source files of a small web shop that change the way source files do: a method here, a constant there. */

export interface SourceFile {
  readonly path: string;
  /** The file after so many changes. */
  readonly after: (changes: number) => string;
}

const nouns = ["Basket", "Order", "Invoice", "Customer", "Voucher", "Shipment", "Return", "Price", "Stock", "Review"];
const verbs = ["load", "save", "validate", "cancel", "confirm", "recalculate", "publish", "archive"];

function nounAt(index: number): string {
  return nouns[index % nouns.length] ?? "Basket";
}

function verbAt(index: number): string {
  return verbs[index % verbs.length] ?? "load";
}

/** A TypeScript service that grows by a method with each change. */
export function typescriptService(folder: string, index: number): SourceFile {
  const noun = nounAt(index);
  return {
    path: `${folder}/${noun.toLowerCase()}-service.ts`,
    after: (changes) => {
      const methods = Array.from({ length: 4 + changes }, (_, n) => typescriptMethod(noun, n, changes));
      const head = `import { http } from "./http";\nimport type { ${noun} } from "./model";\n\nexport class ${noun}Service {\n`;
      return `${head}  readonly #timeoutMs = ${5000 + changes * 250};\n\n${methods.join("\n")}}\n`;
    },
  };
}

function typescriptMethod(noun: string, n: number, changes: number): string {
  const name = `${verbAt(n)}${n < verbs.length ? "" : n}`;
  const check = n === changes ? `    if (id === "") throw new RangeError("${noun.toLowerCase()} without id");\n` : "";
  return `  async ${name}(id: string): Promise<${noun}> {\n${check}    return http.post("/${noun.toLowerCase()}s/" + id + "/${name}", { timeout: this.#timeoutMs });\n  }\n`;
}

/** A C# controller, one action more with each change. */
export function csharpController(index: number): SourceFile {
  const noun = nounAt(index);
  return {
    path: `src/Controllers/${noun}Controller.cs`,
    after: (changes) => {
      const actions = Array.from({ length: 3 + changes }, (_, n) => csharpAction(noun, n));
      const head = `using Microsoft.AspNetCore.Mvc;\n\nnamespace Contoso.Shop.Api;\n\n[ApiController]\n[Route("api/${noun.toLowerCase()}s")]\n`;
      return `${head}public class ${noun}Controller(${noun}Store store) : ControllerBase\n{\n${actions.join("\n")}}\n`;
    },
  };
}

function csharpAction(noun: string, n: number): string {
  const name = verbAt(n).replace(/^./, (letter) => letter.toUpperCase());
  return `    [HttpPost("{id}/${name.toLowerCase()}-${n}")]\n    public async Task<ActionResult<${noun}>> ${name}${n}(Guid id) =>\n        await store.${name}Async(id, HttpContext.RequestAborted);\n`;
}

/** The product catalogue: large, and only a few lines of it change at a time. */
export function productCatalogue(path: string, products: number): SourceFile {
  return {
    path,
    after: (changes) => {
      const rows = Array.from({ length: products }, (_, n) => {
        const timesChanged = Math.floor((changes + products - n) / 97);
        const name = `${nounAt(n)} ${n} – ${verbAt(n * 7)} edition`;
        return JSON.stringify({
          sku: `SH-${10_000 + n}`,
          name,
          price: 9.9 + ((n * 37 + timesChanged * 11) % 400) / 10,
          stock: (n * 13) % 90,
        });
      });
      return `[\n${rows.join(",\n")}\n]\n`;
    },
  };
}

export function textFile(path: string, lines: readonly string[]): SourceFile {
  return {
    path,
    after: (changes) =>
      `${[...lines, ...Array.from({ length: changes }, (_, n) => `- ${n + 1}. revision`)].join("\n")}\n`,
  };
}
