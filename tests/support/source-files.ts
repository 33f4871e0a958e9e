/** The project's own sources and what they import. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import ts from "typescript";

const root = resolve(import.meta.dirname, "..", "..");

export interface Import {
  /** Path from the project's folder for our own files, else the specifier as it stands. */
  readonly to: string;
  /** A package's name, or `node:*`; undefined for our own files. */
  readonly packageName: string | undefined;
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly imports: readonly Import[];
  /** Every identifier in it that is no member of something: `Buffer`, not `x.Buffer`. */
  readonly names: ReadonlySet<string>;
}

export function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort()
    .map(sourceFile);
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const typeOnly = new Set(tree.statements.flatMap((statement) => typeOnlySpecifier(statement) ?? []));
  const valued = new Set(tree.statements.flatMap((statement) => valueSpecifier(statement) ?? []));
  const specifiers = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return {
    path,
    imports: [...new Set(specifiers)].map((specifier) => ({
      ...destination(path, specifier),
      isTypeOnly: typeOnly.has(specifier) && !valued.has(specifier),
    })),
    names: namesIn(tree),
  };
}

function destination(from: string, specifier: string): Pick<Import, "to" | "packageName"> {
  if (specifier.startsWith(".")) return { to: posix.join(dirname(from), specifier), packageName: undefined };
  if (specifier.startsWith("node:")) return { to: specifier, packageName: "node:*" };
  const parts = specifier.split("/");
  return { to: specifier, packageName: parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/") };
}

function typeOnlySpecifier(statement: ts.Statement): string | undefined {
  return specifierOf(statement, true);
}

function valueSpecifier(statement: ts.Statement): string | undefined {
  return specifierOf(statement, false);
}

function specifierOf(statement: ts.Statement, wantsTypeOnly: boolean): string | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  if (statement.moduleSpecifier === undefined || !ts.isStringLiteral(statement.moduleSpecifier)) return undefined;
  const isTypeOnly = ts.isExportDeclaration(statement) ? statement.isTypeOnly : isTypeImport(statement);
  return isTypeOnly === wantsTypeOnly ? statement.moduleSpecifier.text : undefined;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((element) => element.isTypeOnly);
}

function namesIn(tree: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) names.add(node.text);
    node.forEachChild(visit);
  };
  visit(tree);
  return names;
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent)
  );
}
