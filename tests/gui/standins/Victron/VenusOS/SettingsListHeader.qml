import QtQuick

Item {
	property string text
	property bool preferredVisible: true
	readonly property string kind: "header"
	readonly property string shown: ""

	visible: preferredVisible
	width: parent ? parent.width : 0
	height: preferredVisible ? 30 : 0

	Text {
		anchors { left: parent.left; leftMargin: 10; bottom: parent.bottom; bottomMargin: 4 }
		text: parent.text
		color: "#969591"
		font.pixelSize: 13
	}
}
