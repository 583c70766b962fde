import QtQuick
import Victron.VenusOS
import "DbusOpendtu_words.js" as Words

// Settings > Integrations > UI Plugins > DbusOpendtu: the service, its gateways and its devices.
Page {
	id: root

	readonly property string service: BackendConnection.serviceUidForType("opendtu")
	readonly property bool present: stateItem.valid
	readonly property int faults: (errorsItem.value || 0) + (warningsItem.value || 0)
	readonly property int faultsShown: 8

	title: "dbus-opendtu"

	VeQuickItem {
		id: stateItem
		uid: root.service + "/State"
	}
	VeQuickItem {
		id: errorsItem
		uid: root.service + "/Config/Errors"
	}
	VeQuickItem {
		id: warningsItem
		uid: root.service + "/Config/Warnings"
	}
	VeQuickItem {
		id: fileItem
		uid: root.service + "/Config/Path"
	}
	VeQuickItem {
		id: gatewaysItem
		uid: root.service + "/GatewayList"
	}
	VeQuickItem {
		id: devicesItem
		uid: root.service + "/DeviceList"
	}
	VeQuickItem {
		id: refreshItem
		uid: root.service + "/Refresh"
	}

	GradientListView {
		model: VisibleItemModel {
			ListText {
				text: qsTrId("opendtu_absent")
				secondaryText: ""
				preferredVisible: !root.present
			}
			ListText {
				text: qsTrId("opendtu_absent_remedy")
				secondaryText: ""
				preferredVisible: !root.present
			}

			ListText {
				text: qsTrId("opendtu_state")
				secondaryText: Words.service(stateItem.value)
				preferredVisible: root.present
			}
			ListText {
				text: qsTrId("opendtu_version")
				dataItem.uid: root.service + "/Mgmt/ProcessVersion"
				preferredVisible: root.present && dataItem.valid
			}
			ListButton {
				text: qsTrId("opendtu_search")
				secondaryText: qsTrId("opendtu_search_button")
				writeAccessLevel: VenusOS.User_AccessType_User
				preferredVisible: root.present
				onClicked: refreshItem.setValue(1)
			}

			SettingsListHeader {
				text: qsTrId("opendtu_faults").arg(fileItem.valid ? fileItem.value : "config.ini")
				preferredVisible: root.present && root.faults > 0
			}
			ListText {
				text: qsTrId("opendtu_fault_count").arg(errorsItem.value || 0).arg(warningsItem.value || 0)
				secondaryText: ""
				preferredVisible: root.present && root.faults > 0
			}
			SettingsColumn {
				width: parent ? parent.width : 0
				preferredVisible: root.present && root.faults > 0
				Repeater {
					model: Math.min(root.faults, root.faultsShown)
					delegate: ListText {
						required property int index
						text: dataItem.valid ? dataItem.value : ""
						secondaryText: ""
						dataItem.uid: root.service + "/Config/Message/" + index
						preferredVisible: dataItem.valid
					}
				}
			}
			ListText {
				text: qsTrId("opendtu_faults_more").arg(root.faults - root.faultsShown)
				secondaryText: ""
				preferredVisible: root.present && root.faults > root.faultsShown
			}
			ListText {
				text: qsTrId("opendtu_faults_remedy")
				secondaryText: ""
				preferredVisible: root.present && root.faults > 0
			}

			SettingsListHeader {
				text: qsTrId("opendtu_gateways")
				preferredVisible: root.present
			}
			ListText {
				text: qsTrId("opendtu_no_gateways")
				secondaryText: ""
				preferredVisible: root.present && !gatewaysItem.value
			}
			SettingsColumn {
				width: parent ? parent.width : 0
				preferredVisible: root.present && !!gatewaysItem.value
				Repeater {
					model: Words.ids(gatewaysItem.value)
					delegate: ListNavigation {
						id: gateway

						required property string modelData
						readonly property string uid: root.service + "/Gateways/" + modelData

						text: (productItem.valid ? productItem.value + ", " : "")
							+ (addressItem.valid ? addressItem.value : modelData)
						secondaryText: Words.gateway(gatewayStateItem.value)
						onClicked: Global.pageManager.pushPage("qrc:/DbusOpendtu/DbusOpendtu_Gateway.qml",
							{ "title": text, "uid": uid })

						VeQuickItem {
							id: productItem
							uid: gateway.uid + "/Product"
						}
						VeQuickItem {
							id: addressItem
							uid: gateway.uid + "/Address"
						}
						VeQuickItem {
							id: gatewayStateItem
							uid: gateway.uid + "/State"
						}
					}
				}
			}

			SettingsListHeader {
				text: qsTrId("opendtu_devices")
				preferredVisible: root.present
			}
			ListText {
				text: qsTrId("opendtu_no_devices")
				secondaryText: ""
				preferredVisible: root.present && !devicesItem.value
			}
			SettingsColumn {
				width: parent ? parent.width : 0
				preferredVisible: root.present && !!devicesItem.value
				Repeater {
					model: Words.ids(devicesItem.value)
					delegate: ListNavigation {
						id: device

						required property string modelData
						readonly property string uid: root.service + "/Devices/" + modelData

						text: nameItem.valid ? nameItem.value : modelData
						secondaryText: Words.summary(deviceStateItem.value, powerItem.value, todayItem.value,
							limitItem.value)
						onClicked: Global.pageManager.pushPage("qrc:/DbusOpendtu/DbusOpendtu_Device.qml",
							{ "title": text, "service": root.service, "uid": uid })

						VeQuickItem {
							id: nameItem
							uid: device.uid + "/Name"
						}
						VeQuickItem {
							id: deviceStateItem
							uid: device.uid + "/State"
						}
						VeQuickItem {
							id: powerItem
							uid: device.uid + "/Power"
						}
						VeQuickItem {
							id: todayItem
							uid: device.uid + "/EnergyToday"
						}
						VeQuickItem {
							id: limitItem
							uid: device.uid + "/PowerLimit/Limit"
						}
					}
				}
			}

			SettingsListHeader {
				text: qsTrId("opendtu_added_addresses")
				preferredVisible: root.present
			}
			ListTextField {
				id: addressField

				// What was typed last. The service refuses what it may not ask, and then keeps what it had.
				property string asked

				text: qsTrId("opendtu_addresses")
				dataItem.uid: root.service + "/IpAddresses"
				preferredVisible: root.present
				saveInput: function() {
					asked = Words.addresses(textField.text)
					dataItem.setValue(asked)
				}
			}
			ListText {
				text: qsTrId("opendtu_not_taken").arg(addressField.asked)
				secondaryText: ""
				preferredVisible: root.present && addressField.dataItem.valid && addressField.asked !== ""
					&& addressField.asked.toLowerCase() !== addressField.dataItem.value.toLowerCase()
			}
			ListText {
				text: qsTrId("opendtu_address_rule")
				secondaryText: ""
				preferredVisible: root.present
			}
		}
	}
}
