import { ListSelection } from "azure-devops-ui/List";
import { ExpandableTreeCell, Tree, type ITreeColumn } from "azure-devops-ui/TreeEx";
import { TreeItemProvider, type ITreeItem } from "azure-devops-ui/Utilities/TreeItemProvider";
import * as React from "react";
import { counted } from "../../../engine/foundation/text.ts";
import type { KindNode, StreamNode } from "../../model/item-tree.ts";

/** A row of the tree. A kind that has one stream only stands for that stream. */
interface TreeRow {
  readonly label: string;
  readonly note: string;
  readonly stream: StreamNode | undefined;
}

type Rows = React.ComponentProps<typeof Tree<TreeRow>>["itemProvider"];

export interface KindTreeProps {
  readonly kinds: readonly KindNode[];
  /** Stream that is open; its kind is unfolded. */
  readonly opened: string | undefined;
  readonly onOpen: (stream: StreamNode) => void;
}

const columns: ITreeColumn<TreeRow>[] = [
  {
    id: "name",
    name: "Name",
    hierarchical: true,
    width: -100,
    renderCell: (...[, columnIndex, treeColumn, treeItem]: Parameters<ITreeColumn<TreeRow>["renderCell"]>) => {
      const { label, note } = treeItem.underlyingItem.data;
      return (
        <ExpandableTreeCell
          key="name"
          role="presentation"
          columnIndex={columnIndex}
          treeColumn={treeColumn}
          treeItem={treeItem}
        >
          <span className="hub-cell" title={label}>
            {label}
          </span>
          <span className="hub-note secondary-text">{note}</span>
        </ExpandableTreeCell>
      );
    },
  },
];

/** Kinds, and below each its streams (repositories, work items…). The one that is open is marked, and read out as such. */
export function KindTree({ kinds, opened, onOpen }: KindTreeProps): React.ReactElement {
  const provider = React.useMemo(
    () => new TreeItemProvider<TreeRow>(kinds.map((kind) => kindItem(kind, opened))),
    [kinds],
  );
  const [selection] = React.useState(() => new ListSelection({ selectOnFocus: false, multiSelect: false }));
  const mark = (): void => {
    const index = provider.value.findIndex(({ underlyingItem }) => underlyingItem.data.stream?.id === opened);
    if (opened === undefined || index < 0) selection.clear();
    else selection.select(index, 1, false);
  };
  React.useEffect(mark, [provider, opened]);
  const toggle = (item: ITreeItem<TreeRow>): void => {
    provider.toggle(item);
    mark();
  };
  return (
    <Tree<TreeRow>
      ariaLabel="What the snapshot holds"
      columns={columns}
      // What the tree's own kind of provider lists is more exact than what the tree asks for.
      itemProvider={provider as unknown as Rows}
      selection={selection}
      onSelect={mark}
      showHeader={false}
      showLines={false}
      singleClickActivation
      scrollable
      onToggle={(_event, { underlyingItem }) => toggle(underlyingItem)}
      onActivate={(_event, { data }) => {
        const { underlyingItem } = data;
        const { stream } = underlyingItem.data;
        if (stream === undefined) toggle(underlyingItem);
        else onOpen(stream);
      }}
    />
  );
}

function kindItem({ title, streams, isSingle, items, gaps }: KindNode, opened: string | undefined): ITreeItem<TreeRow> {
  const [only] = streams;
  const unread = gaps === 0 ? "" : `, ${gaps.toLocaleString()} not read`;
  if (isSingle && only !== undefined)
    return { data: { label: title, note: `${counted(items, "item")}${unread}`, stream: only } };
  return {
    data: { label: title, note: `${streams.length.toLocaleString()}${unread}`, stream: undefined },
    expanded: streams.some(({ id }) => id === opened),
    childItems: streams.map((stream) => ({ data: { label: stream.label, note: noteOf(stream), stream } })),
  };
}

function noteOf({ status, items }: StreamNode): string {
  if (status === "deleted") return "deleted";
  if (status !== "ok") return "not read";
  return items === undefined ? "" : counted(items, "item");
}
