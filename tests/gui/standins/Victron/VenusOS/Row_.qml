import QtQuick

// No component of Victron's: what their rows of settings have in common. `shown` is what stands behind the label.
Item {
	id: row

	property string text
	property bool preferredVisible: true
	property int writeAccessLevel: VenusOS.User_AccessType_Installer
	property string shown
	property string kind
	property bool framed: false
	property bool arrow: false
	default property list<QtObject> extras

	visible: preferredVisible
	width: parent ? parent.width : 0
	height: preferredVisible ? Math.max(32, label.implicitHeight + 14, value.implicitHeight + 14) : 0

	Rectangle {
		anchors.fill: parent
		radius: 4
		color: "#272622"
	}
	Text {
		id: label
		anchors { left: parent.left; leftMargin: 10; verticalCenter: parent.verticalCenter }
		width: row.shown === "" ? row.width - 20 : row.width * 0.5
		text: row.text
		color: "#faf9f5"
		font.pixelSize: 14
		wrapMode: Text.Wrap
	}
	Rectangle {
		visible: row.framed
		anchors { right: value.right; rightMargin: -6; verticalCenter: parent.verticalCenter }
		width: value.contentWidth + 12
		height: value.contentHeight + 8
		radius: 4
		color: "#1b3651"
		border.color: "#387dc5"
	}
	Text {
		id: value
		anchors { right: parent.right; rightMargin: row.arrow ? 26 : 14; verticalCenter: parent.verticalCenter }
		width: row.width * 0.5 - 50
		horizontalAlignment: Text.AlignRight
		text: row.shown
		color: row.framed ? "#faf9f5" : "#969591"
		font.pixelSize: 14
		wrapMode: Text.Wrap
	}
	Text {
		visible: row.arrow
		anchors { right: parent.right; rightMargin: 10; verticalCenter: parent.verticalCenter }
		text: ">"
		color: "#387dc5"
		font.pixelSize: 14
	}
}
