import { FormItem } from "azure-devops-ui/FormItem";
import { RadioButton, RadioButtonGroup } from "azure-devops-ui/RadioButton";
import * as React from "react";

export interface ChoicesProps<Id extends string> {
  readonly label: string;
  readonly choices: readonly { readonly id: Id; readonly text: string }[];
  readonly chosen: Id;
  readonly onChoose: (id: Id) => void;
}

/** One of a few, all of them in sight. */
export function Choices<Id extends string>(props: ChoicesProps<Id>): React.ReactElement {
  const { label, choices, chosen, onChoose } = props;
  return (
    <FormItem label={label}>
      <RadioButtonGroup
        selectedButtonId={chosen}
        onSelect={(id) => {
          const choice = choices.find((one) => one.id === id);
          if (choice !== undefined) onChoose(choice.id);
        }}
      >
        {choices.map(({ id, text }) => (
          <RadioButton key={id} id={id} text={text} />
        ))}
      </RadioButtonGroup>
    </FormItem>
  );
}
