import QtQuick

Row_ {
	id: root

	property VeQuickItem dataItem: VeQuickItem {}
	property string secondaryText: dataItem.valid ? dataItem.value : ""

	kind: "text"
	shown: secondaryText
}
