/** Bad input, continued: Azure DevOps, and what to do. */
import { randomBytes } from "node:crypto";
import { unset, type BadInput } from "./bad-input-table.ts";

const azureDevOpsCases: readonly BadInput[] = [
  {
    name: "the address of a project in place of the organisation's",
    task: "BackupProject",
    inputs: () => ({ organizationUrl: "https://dev.azure.com/contoso/Shop" }),
    says: /organizationUrl.*address of a project|address of a project/,
  },
  {
    name: "an organisation's address without encryption",
    task: "BackupProject",
    inputs: () => ({ organizationUrl: "http://dev.azure.com/contoso" }),
    says: /not encrypted/,
  },
  {
    name: "an organisation's name in place of its address",
    task: "BackupProject",
    inputs: () => ({ organizationUrl: "contoso" }),
    says: /'contoso' is not the address/,
  },
  {
    name: "an organisation that cannot be reached",
    task: "BackupProject",
    inputs: () => ({ organizationUrl: "http://127.0.0.1:9/contoso" }),
    says: /no answer from 127\.0\.0\.1:9/,
  },
  {
    name: "no access token",
    task: "BackupProject",
    inputs: () => ({ azureDevOpsAuthentication: "accessToken", accessToken: unset }),
    says: /accessToken is empty/,
  },
  {
    name: "an access token that is wrong",
    task: "BackupProject",
    inputs: () => ({ azureDevOpsAuthentication: "accessToken", accessToken: randomBytes(63).toString("base64url") }),
    says: /refused|sign-in|401/i,
  },
  {
    name: "an access token that has expired",
    task: "BackupProject",
    inputs: ({ place }) => ({
      azureDevOpsAuthentication: "accessToken",
      accessToken: place.azure.state.signIn.issue({ expiresAt: new Date(Date.now() - 1000) }),
    }),
    says: /expired|refused|sign-in/i,
  },
  {
    name: "an access token without the scope for projects",
    task: "BackupProject",
    inputs: ({ place }) => ({
      azureDevOpsAuthentication: "accessToken",
      accessToken: place.azure.state.signIn.issue({ scopes: ["vso.build"] }),
    }),
    says: /scope|permission|not authorized/i,
  },
  {
    name: "a way to sign in that does not exist",
    task: "BackupProject",
    inputs: () => ({ azureDevOpsAuthentication: "password" }),
    says: /azureDevOpsAuthentication is "password"/,
  },
  {
    name: "a project that does not exist",
    task: "BackupProject",
    inputs: () => ({ projects: "Nowhere" }),
    says: /projects names the project "Nowhere"/,
  },
  {
    name: "a project to restore that nobody has backed up",
    task: "RestoreItem",
    inputs: () => ({ sourceProject: "Nowhere" }),
    says: /no backup of project Nowhere/,
  },
  {
    name: "a target project that does not exist",
    task: "RestoreItem",
    inputs: () => ({ targetProject: "Nowhere" }),
    says: /targetProject names "Nowhere"/,
  },
];

const choiceCases: readonly BadInput[] = [
  {
    name: "a kind that does not exist",
    task: "BackupProject",
    inputs: () => ({ include: "git-repository" }),
    says: /include names the kind "git-repository"/,
  },
  {
    name: "a retention that means nothing",
    task: "BackupProject",
    inputs: () => ({ retention: "last=seven" }),
    says: /retention/,
  },
  {
    name: "a number of days that is none",
    task: "BackupProject",
    inputs: () => ({ maxStaleDays: "many" }),
    says: /maxStaleDays is "many"/,
  },
  {
    name: "more requests at once than allowed",
    task: "BackupProject",
    inputs: () => ({ parallelism: "1000" }),
    says: /parallelism is "1000"/,
  },
  {
    name: "an engine for Git that does not exist",
    task: "BackupProject",
    inputs: () => ({ gitEngine: "svn" }),
    says: /gitEngine is "svn"/,
  },
  {
    name: "a yes that is none",
    task: "BackupProject",
    inputs: () => ({ failOnPartial: "maybe" }),
    says: /failOnPartial is "maybe"/,
  },
  {
    name: "a share of work outside parallel jobs",
    task: "BackupProject",
    inputs: () => ({ shardPhase: "shard" }),
    options: () => ({ variables: { "System.JobPositionInPhase": "4", "System.TotalJobsInPhase": "3" } }),
    says: /shardPhase is shard, but the job says it is number 4 of 3/,
  },
  {
    name: "a pinned head that is none",
    task: "BackupProject",
    inputs: () => ({ vaultHead: "41" }),
    says: /vaultHead holds "41"/,
  },
  {
    name: "a pinned head of another history",
    task: "BackupProject",
    inputs: () => ({ vaultHead: `1:${"0".repeat(64)}` }),
    says: /is not the one known from before/,
  },
  {
    name: "a level that does not exist",
    task: "VerifyBackup",
    inputs: () => ({ level: "deep" }),
    says: /level is "deep"/,
  },
  {
    name: "a sample that means nothing",
    task: "VerifyBackup",
    inputs: () => ({ sample: "8/7" }),
    says: /sample is "8\/7"/,
  },
  {
    name: "a snapshot to verify that does not exist",
    task: "VerifyBackup",
    inputs: () => ({ snapshot: "20200101T000000Z-00000000" }),
    says: /snapshot is "20200101T000000Z-00000000"/,
  },
  {
    name: "an age that is none",
    task: "VerifyBackup",
    inputs: () => ({ maxAgeHours: "-1" }),
    says: /maxAgeHours is "-1"/,
  },
  { name: "nothing to restore", task: "RestoreItem", inputs: () => ({ items: "" }), says: /items is empty/ },
  {
    name: "a selector of no kind",
    task: "RestoreItem",
    inputs: () => ({ items: "repository/Web" }),
    says: /items names "repository\/Web"/,
  },
  {
    name: "a selector that matches nothing",
    task: "RestoreItem",
    inputs: () => ({ items: "work-items/4711" }),
    says: /work-items\/4711/,
  },
  {
    name: "a snapshot to restore that does not exist",
    task: "RestoreItem",
    inputs: () => ({ snapshot: "yesterday" }),
    says: /snapshot is "yesterday"/,
  },
  {
    name: "a plan's hash that is none",
    task: "RestoreItem",
    inputs: () => ({ planHash: "abc" }),
    says: /planHash is "abc"/,
  },
  {
    name: "the hash of another plan",
    task: "RestoreItem",
    inputs: () => ({ planHash: "a".repeat(64), conflictPolicy: "overwrite" }),
    says: /has the hash [0-9a-f]{64}, not a{64}/,
  },
  {
    name: "a policy that does not exist",
    task: "RestoreItem",
    inputs: () => ({ conflictPolicy: "merge" }),
    says: /conflictPolicy is "merge"/,
  },
  {
    name: "a history that does not exist",
    task: "RestoreItem",
    inputs: () => ({ workItemHistory: "last" }),
    says: /workItemHistory is "last"/,
  },
  {
    name: "a mapping file that is not there",
    task: "RestoreItem",
    inputs: () => ({ mappingFile: "/no/such/mapping.json" }),
    says: /mappingFile names \/no\/such\/mapping\.json/,
  },
  {
    name: "a pinned head that is none, for an archive",
    task: "RestoreItem",
    inputs: () => ({ destination: "archive", sourceProject: "Shop", vaultHead: "41" }),
    says: /vaultHead holds "41"/,
  },
];

/** What would do something else than was meant if it were let through. */
const misunderstoodCases: readonly BadInput[] = [
  {
    name: "a preview from a variable that is not set",
    task: "RestoreItem",
    inputs: () => ({ previewOnly: unset }),
    says: /previewOnly holds \$\(NoSuchVariable\), a variable that is not set/,
  },
  {
    name: "a target from a variable that is not set",
    task: "RestoreItem",
    inputs: () => ({ targetProject: unset }),
    says: /targetProject holds \$\(NoSuchVariable\)/,
  },
  {
    name: "an item from a variable that is not set, among others",
    task: "RestoreItem",
    inputs: () => ({ items: `work-items/*\r\n ${unset}` }),
    says: /items holds \$\(NoSuchVariable\)/,
  },
  {
    name: "signers from a variable that is not set",
    task: "BackupProject",
    inputs: () => ({ signer: unset }),
    says: /signer holds \$\(NoSuchVariable\)/,
  },
  {
    name: "an age from a variable that is not set",
    task: "VerifyBackup",
    inputs: () => ({ maxAgeHours: unset }),
    says: /maxAgeHours holds \$\(NoSuchVariable\)/,
  },
  {
    name: "a preview of an archive",
    task: "RestoreItem",
    inputs: () => ({ destination: "archive", sourceProject: "Shop", previewOnly: "true" }),
    says: /previewOnly is true, but destination is archive/,
  },
  {
    name: "an archive into a project",
    task: "RestoreItem",
    inputs: () => ({ destination: "archive", sourceProject: "Shop", targetProject: "Elsewhere" }),
    says: /targetProject is given, but destination is archive/,
  },
  {
    name: "an archive by a plan",
    task: "RestoreItem",
    inputs: () => ({ destination: "archive", sourceProject: "Shop", planHash: "a".repeat(64) }),
    says: /planHash is given, but destination is archive/,
  },
  {
    name: "a new project's name that Azure DevOps refuses",
    task: "RestoreItem",
    inputs: () => ({ targetProject: "Shop: <copy>", createProject: "true" }),
    says: /targetProject is "Shop: <copy>", which Azure DevOps takes for no project's name/,
  },
  {
    name: "a project's name that is a path",
    task: "BackupProject",
    inputs: () => ({ projects: ".." }),
    says: /projects names the project "\.\.", which does not exist/,
  },
  {
    name: "nothing left between include and exclude",
    task: "BackupProject",
    inputs: () => ({ include: "work-items", exclude: "work-items" }),
    says: /include and exclude leave nothing to back up/,
  },
  {
    name: "locks that the task does not set",
    task: "BackupProject",
    inputs: () => ({}),
    options: () => ({ env: { INPUT_IMMUTABILITY: "container" } }),
    says: /immutability is "container", but the task sets no locks yet/,
  },
  {
    name: "days of protection that the task does not give",
    task: "BackupProject",
    inputs: () => ({}),
    options: () => ({ env: { INPUT_PROTECTDAYS: "30" } }),
    says: /protectDays is "30", but the task sets no locks yet/,
  },
  {
    name: "a project for a drill",
    task: "VerifyBackup",
    inputs: () => ({}),
    options: () => ({ env: { INPUT_DRILLPROJECT: "Scratch" } }),
    says: /drillProject is "Scratch", but restore drills do not exist yet/,
  },
  {
    name: "a number that only programmers read",
    task: "BackupProject",
    inputs: () => ({ parallelism: "0x10" }),
    says: /parallelism is "0x10"/,
  },
  {
    name: "a sample of more than everything",
    task: "VerifyBackup",
    inputs: () => ({ sample: "150%" }),
    says: /sample is "150%"/,
  },
];

const someToken = "qrstuvwxyz234567abcdefghijklmnopqrstuvwxyz234567abcd";

/** Keys and tokens where nobody expects them. */
const misplacedSecrets: readonly BadInput[] = [
  {
    name: "an owner key as vaultHead",
    task: "BackupProject",
    inputs: ({ otherKeys }) => ({ vaultHead: otherKeys.ownerKey }),
    says: /vaultHead holds "\*\*\*"/,
    hides: ({ otherKeys }) => otherKeys.ownerKey,
  },
  {
    name: "a token as a project",
    task: "BackupProject",
    inputs: () => ({ projects: someToken }),
    says: /projects names the project "\*\*\*"/,
    hides: () => someToken,
  },
  {
    name: "a recovery key among the items",
    task: "RestoreItem",
    inputs: ({ otherKeys }) => ({ items: `work-items/${otherKeys.recoveryKey}` }),
    says: /items.*\*\*\*/,
    hides: ({ otherKeys }) => otherKeys.recoveryKey.slice("AGE-SECRET-KEY-".length),
  },
  {
    name: "a token inside the organisation's address",
    task: "BackupProject",
    inputs: () => ({ organizationUrl: `https://someone:${someToken}@dev.azure.example/contoso` }),
    says: /dev\.azure\.example.*contains a password/,
    hides: () => someToken,
  },
  {
    name: "a SAS as storage account",
    task: "BackupProject",
    inputs: () => ({
      storageConnection: "serviceConnection",
      azureSubscription: "storage",
      storageAccount: "sv=2023-11-03&sr=c&sig=Zm9vYmFyc2VjcmV0c2lnbmF0dXJl",
    }),
    says: /storageAccount is "sv=2023-11-03&sr=c&sig=\*\*\*"/,
    hides: () => "Zm9vYmFyc2VjcmV0c2lnbmF0dXJl",
  },
];

/** About Azure DevOps and everything people choose. */
export const badChoices: readonly BadInput[] = [
  ...azureDevOpsCases,
  ...choiceCases,
  ...misunderstoodCases,
  ...misplacedSecrets,
];
