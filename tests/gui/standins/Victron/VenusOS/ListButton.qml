import QtQuick

Row_ {
	property string secondaryText
	signal clicked()

	kind: "button"
	shown: secondaryText
	framed: true

	function press() {
		clicked()
	}
}
