import { FormItem } from "azure-devops-ui/FormItem";
import * as React from "react";

export interface SelectInputProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly onChange: (value: string) => void;
  readonly message?: string;
}

/** One of many. */
export function SelectInput({ label, value, options, onChange, message }: SelectInputProps): React.ReactElement {
  return (
    <FormItem label={label} {...(message === undefined ? {} : { message })}>
      <select className="hub-select" aria-label={label} value={value} onChange={({ target }) => onChange(target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </FormItem>
  );
}
