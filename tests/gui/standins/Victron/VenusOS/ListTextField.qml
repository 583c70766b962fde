import QtQuick

Row_ {
	id: root

	property VeQuickItem dataItem: VeQuickItem {}
	property alias textField: field
	property var saveInput: function() {
		if (dataItem.uid)
			dataItem.setValue(textField.text)
	}

	kind: "field"
	shown: field.text === "" ? "        " : field.text
	framed: true

	function type(typed) {
		field.text = typed
		saveInput()
	}

	TextInput {
		id: field
		visible: false
		text: root.dataItem.valid ? root.dataItem.value : ""
	}
}
